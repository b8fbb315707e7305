import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { createConnection } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { createEventStream, type EventStream } from '../../../src/local/page/event-stream.ts'
import { until } from '../../helpers/until.ts'

/** More items of a kilobyte than the kernel holds for a connection. */
const MANY = 30_000

/** A server that attaches every request to the stream, with the `after` of its address. */
async function serve(t: TestContext, stream: EventStream) {
  const responses: ServerResponse[] = []
  const server = createServer((request, response) => {
    responses.push(response)
    const after = new URL(request.url ?? '', 'http://h').searchParams.get('after')
    stream.attach(response, after ?? undefined)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { port: address.port, responses }
}

/** A client that reads everything; its text so far. */
async function read(t: TestContext, port: number, after?: string): Promise<() => string> {
  const query = after === undefined ? '' : `?after=${after}`
  const request = get(`http://127.0.0.1:${port}/${query}`, { agent: false })
  t.after(() => request.destroy())
  const [answer]: IncomingMessage[] = await once(request, 'response')
  assert.ok(answer)
  let text = ''
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

function itemsIn(text: string): readonly unknown[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json))
}

describe('the stream of items', () => {
  it('sends each item to each page, with an id', async (t) => {
    const stream = createEventStream('w')
    const { port } = await serve(t, stream)
    const texts = [await read(t, port), await read(t, port)]

    stream.send({ kind: 'a', text: 'one\ntwo' })
    stream.sendPassing({ kind: 'now' })

    for (const text of texts) {
      await until('both items', () => itemsIn(text()).length === 2)
      assert.equal(
        text(),
        'retry: 1000\n\nid: w.1\ndata: {"kind":"a","text":"one\\ntwo"}\n\ndata: {"kind":"now"}\n\n',
      )
    }
    assert.equal(stream.lastId(), 'w.1')
  })

  it('resumes after an id, and says how many items it has no more', async (t) => {
    const stream = createEventStream('w')
    const { port } = await serve(t, stream)
    for (let n = 1; n <= 700; n++) stream.send({ n })

    const near = await read(t, port, 'w.698')
    const far = await read(t, port, 'w.10')

    await until('the two items', () => itemsIn(near()).length === 2)
    assert.deepEqual(itemsIn(near()), [{ n: 699 }, { n: 700 }])
    await until('all that is kept', () => itemsIn(far()).length === 501)
    assert.deepEqual(itemsIn(far()).slice(0, 2), [{ kind: 'missed', items: 190 }, { n: 201 }])
  })

  for (const id of ['v.1', 'w', 'w.x', 'w.1.2', 'w.-1', 'w.99', 'null', '']) {
    it(`tells a page to begin anew that comes with an id that is none of its own: "${id}"`, async (t) => {
      const stream = createEventStream('w')
      const { port } = await serve(t, stream)
      stream.send({ n: 1 })

      const text = await read(t, port, id)

      await until('an item', () => itemsIn(text()).length === 1)
      assert.deepEqual(itemsIn(text()), [{ kind: 'anew' }])
    })
  }

  it('keeps items of a bounded length', () => {
    const stream = createEventStream('w')

    for (let n = 0; n < 100; n++) stream.send({ text: 'x'.repeat(20_000) })

    const kept = JSON.stringify(stream.kept()).length
    assert.ok(kept <= 512 * 1024 && kept > 400_000, `${kept}`)
  })

  it('forgets a page that is gone', async (t) => {
    const stream = createEventStream('w')
    const { port } = await serve(t, stream)
    const socket = createConnection(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: h\r\n\r\n')
    await until('a page', () => stream.watchers() === 1)

    socket.destroy()

    await until('no page', () => stream.watchers() === 0)
  })

  it('holds a bounded number of bytes for a page that does not read, and says what it missed', async (t) => {
    const stream = createEventStream('w')
    const scene = await serve(t, stream)
    const request = get(`http://127.0.0.1:${scene.port}/`, { agent: false })
    t.after(() => request.destroy())
    const [answer]: IncomingMessage[] = await once(request, 'response')
    assert.ok(answer)

    for (let n = 0; n < MANY; n++) {
      stream.send({ n, text: 'x'.repeat(1_000) })
      stream.sendPassing({ kind: 'now', text: 'x'.repeat(1_000) })
    }
    const waiting = scene.responses[0]?.writableLength ?? 0
    let text = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    await until('the number of missed items', () => text.includes('"missed"'))
    stream.send({ n: 'last' })
    await until('the last item', () => text.includes('"last"'))

    assert.ok(waiting > 60 * 1024 && waiting < 64 * 1024 + 4_000, `${waiting} bytes`)
    const items = itemsIn(text)
    const got = items.filter((item) => JSON.stringify(item).startsWith('{"n":')).length - 1
    assert.ok(got < MANY)
    assert.deepEqual(items.slice(-2), [{ kind: 'missed', items: MANY - got }, { n: 'last' }])
  })
})

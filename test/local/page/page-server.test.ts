import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createEventStream } from '../../../src/local/page/event-stream.ts'
import { startPageServer } from '../../../src/local/page/page-server.ts'
import { until } from '../../helpers/until.ts'
import { aFolder } from '../../helpers/world.ts'

const FOLDER = new URL('../../../src/local/page/', import.meta.url)
const JSON_BODY = { 'content-type': 'application/json' }

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A server of the page, and how to ask it. The header `host` is that of its address. */
async function startScene(t: TestContext) {
  const done: unknown[] = []
  const stream = createEventStream('w')
  const server = await startPageServer({
    port: 0,
    folder: FOLDER,
    state: async () => ({ at: stream.lastId() }),
    stream,
    actions: {
      note: (input) => {
        done.push(input)
        return { status: 200, body: { noted: done.length } }
      },
    },
  })
  t.after(() => server.close())
  const own = `http://127.0.0.1:${server.port}`
  return { server, stream, done, own, ask, asPage }

  function ask(path: string, { method = 'GET', headers = {}, body = '' }: Asked = {}) {
    return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>(
      (resolve, reject) => {
        const asked = request(`${server.url}${path}`, { method, headers, agent: false })
        asked.on('error', reject)
        asked.on('response', async (answer) => {
          const { statusCode: status = 0, headers } = answer
          resolve({ status, headers, body: await text(answer) })
        })
        asked.end(body)
      },
    )
  }

  function asPage(path: string, body: string, headers: Asked['headers'] = {}) {
    return ask(path, { method: 'POST', body, headers: { ...JSON_BODY, origin: own, ...headers } })
  }
}

describe('the server of the page', () => {
  for (const [path, type, holds] of [
    ['/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/page.js', 'text/javascript; charset=utf-8', 'EventSource'],
    ['/page.css', 'text/css; charset=utf-8', 'prefers-color-scheme'],
  ] as const) {
    it(`serves ${path}, which may load nothing from elsewhere`, async (t) => {
      const { ask } = await startScene(t)

      const { status, headers, body } = await ask(path)

      assert.equal(status, 200)
      assert.equal(headers['content-type'], type)
      assert.equal(
        headers['content-security-policy'],
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
      )
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.ok(body.includes(holds))
    })
  }

  it('answers with the state, and does what the page asks for', async (t) => {
    const { ask, asPage, done } = await startScene(t)

    const state = await ask('/state')
    const answer = await asPage('/do/note', '{"a":1}')

    assert.deepEqual([state.status, state.body], [200, '{"at":"w.0"}'])
    assert.deepEqual([answer.status, answer.body], [200, '{"noted":1}'])
    assert.deepEqual(done, [{ a: 1 }])
  })

  for (const [what, headers] of [
    ['no origin', {}],
    ['another origin', { origin: 'http://evil.example' }],
    ['the origin of another port', { origin: 'http://127.0.0.1:1' }],
    ['the origin of a file', { origin: 'null' }],
  ] as const) {
    it(`does nothing for a request of ${what}`, async (t) => {
      const { ask, done } = await startScene(t)

      const answer = await ask('/do/note', {
        method: 'POST',
        body: '1',
        headers: { ...JSON_BODY, ...headers },
      })

      assert.equal(answer.status, 403)
      assert.match(answer.body, /Only the page itself/)
      assert.deepEqual(done, [])
    })
  }

  it('does nothing for the page of its own origin under another name', async (t) => {
    const { server, asPage, done } = await startScene(t)

    for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1:1', '']) {
      const { status } = await asPage('/do/note', '1', { host, origin: `http://${host}` })
      assert.equal(status, 403, host)
    }
    assert.deepEqual(done, [])
  })

  it('takes localhost for its name, when the origin says so, too', async (t) => {
    const { server, asPage } = await startScene(t)
    const host = `localhost:${server.port}`

    assert.equal((await asPage('/do/note', '1', { host, origin: `http://${host}` })).status, 200)
    assert.equal((await asPage('/do/note', '1', { host })).status, 403)
  })

  it('shows nothing under another name, and nothing to another site', async (t) => {
    const { ask } = await startScene(t)

    for (const path of ['/', '/state', '/events', '/page.js', '/do/note', '/nothing']) {
      assert.equal((await ask(path, { headers: { host: 'evil.example' } })).status, 403, path)
      const { status } = await ask(path, { headers: { origin: 'http://evil.example' } })
      assert.equal(status, 403, path)
    }
  })

  for (const [what, path, body, headers, status] of [
    ['an action that there is not', '/do/other', '1', {}, 404],
    ['an action by a name of every object', '/do/constructor', '1', {}, 404],
    ['text that is no JSON', '/do/note', '{', {}, 400],
    [
      'JSON that a form of another site could send',
      '/do/note',
      '1',
      { 'content-type': 'text/plain' },
      400,
    ],
    ['a body that is too long', '/do/note', `"${'x'.repeat(24 * 1024 * 1024)}"`, {}, 400],
  ] as const) {
    it(`refuses ${what}`, async (t) => {
      const { asPage, done } = await startScene(t)

      assert.equal((await asPage(path, body, headers)).status, status)
      assert.deepEqual(done, [])
    })
  }

  it('does nothing on GET', async (t) => {
    const { ask, own, done } = await startScene(t)

    assert.equal((await ask('/do/note', { headers: { origin: own } })).status, 404)
    assert.deepEqual(done, [])
  })

  it('refuses the twenty-first page that would watch, and takes one when another has gone', async (t) => {
    const { server, stream, ask } = await startScene(t)
    const gone = new AbortController()
    const open = (signal?: AbortSignal) =>
      fetch(`${server.url}/events`, signal === undefined ? {} : { signal })
    await Promise.all([open(gone.signal), ...Array.from({ length: 19 }, () => open())])
    assert.equal(stream.watchers(), 20)

    assert.equal((await ask('/events')).status, 503)
    gone.abort()
    await until('a place', () => stream.watchers() === 19)
    assert.equal((await open()).status, 200)
  })

  it('resumes after the id that a browser names, whatever its address says', async (t) => {
    const { server, stream } = await startScene(t)
    stream.send({ n: 1 })
    stream.send({ n: 2 })

    const answer = await fetch(`${server.url}/events?after=w.0`, {
      headers: { 'last-event-id': 'w.1' },
    })
    const reader = answer.body?.getReader()
    const { value } = (await reader?.read()) ?? {}

    assert.equal(String(Buffer.from(value ?? [])), 'retry: 1000\n\nid: w.2\ndata: {"n":2}\n\n')
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  })

  it('closes with pages open', async (t) => {
    const { server } = await startScene(t)
    const answer = await fetch(`${server.url}/events`)

    await server.close()

    await assert.rejects(answer.text())
  })

  it('does not start without its files', async (t) => {
    const folder = await aFolder(t)
    await mkdir(join(folder, 'page'))
    await writeFile(join(folder, 'page', 'index.html'), '')

    await assert.rejects(
      startPageServer({
        port: 0,
        folder: pathToFileURL(join(folder, 'page/')),
        state: async () => ({}),
        stream: createEventStream('w'),
        actions: {},
      }),
      /ENOENT.*page\.(js|css)/,
    )
  })
})

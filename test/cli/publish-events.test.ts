import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { publishEvents } from '../../src/cli/publish-events.ts'

const MB = 1_000_000

/** The requests that a stream of bytes comes to: the bytes of each message in each. */
async function requestsFor(chunks: AsyncIterable<Buffer>, perMessage: number) {
  const requests: (readonly Uint8Array[])[] = []
  const publish = async (messages: readonly Uint8Array[]) => void requests.push(messages)
  const sums = []
  for await (const sum of publishEvents(chunks, { perMessage, publish })) sums.push(sum)
  return { requests, sums }
}

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

async function* manyLines(count: number, line: string): AsyncGenerator<Buffer> {
  for (let made = 0; made < count; made++) yield Buffer.from(line)
}

/** A line of so many bytes. */
function lineOf(bytes: number): string {
  return `{"x":"${'x'.repeat(bytes - 9)}"}\n`
}

const EVENTS = '{"event":"a"}\n{"event":"b"}\n'

describe('publishing events', () => {
  for (const [what, bytes] of [
    ['one member', gzipSync(EVENTS)],
    ['several members', Buffer.concat([gzipSync(EVENTS.slice(0, 5)), gzipSync(EVENTS.slice(5))])],
    ['zeros after it', Buffer.concat([gzipSync(EVENTS), Buffer.alloc(9)])],
  ] as const) {
    it(`inflates gzip: ${what}`, async () => {
      const { requests, sums } = await requestsFor(Readable.from([bytes]), 100)

      assert.deepEqual(requests, [[Buffer.from(EVENTS)]])
      assert.deepEqual(sums, [{ events: 2, messages: 1 }])
    })
  }

  it('ends at damaged gzip', async () => {
    const cut = Readable.from([gzipSync(EVENTS).subarray(0, -3)])

    await assert.rejects(requestsFor(cut, 100), { name: 'DamagedText' })
  })

  for (const [text, events] of [
    ['[{"event":"a"},{"event":"b"}]', 2],
    ['\ufeff [\n  {"event":"a"},\n  {"event":"b"}\n]\n', 2],
    ['{\n"event":"a",\n"properties":{}\n}', 1],
    ['[\n{"event":"a"},\n{"event":"b"', 1],
  ] as const) {
    it(`keeps one value whole, whatever its lines: ${JSON.stringify(text)}`, async () => {
      const { requests, sums } = await requestsFor(chunksOf(text), 1)

      assert.deepEqual(requests, [[Buffer.from(text)]])
      assert.deepEqual(sums, [{ events, messages: 1 }])
    })
  }

  it('refuses UTF-16', async () => {
    const text = Readable.from([Buffer.from(`\ufeff${EVENTS}`, 'utf16le')])

    await assert.rejects(requestsFor(text, 1), { name: 'UserMistake', message: /UTF-16.*iconv/ })
  })

  it('leaves out blank lines, and keeps all others byte for byte', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0x0d, 0x0a, 0x0a, 0x20, 0x09, 0x0d, 0x0a, 0x62])

    const { requests, sums } = await requestsFor(
      (async function* () {
        yield bytes
      })(),
      100,
    )

    const whole = Buffer.from([0x61, 0xff, 0x0d, 0x0a, 0x62, 0x0a])
    assert.deepEqual(requests, [[whole]])
    assert.deepEqual(sums, [{ events: 2, messages: 1 }])
  })

  it('takes the same lines for blank as the service', async () => {
    const bytes = Buffer.from('a\n\u00a0\u3000\n', 'utf8')
    const notUtf8 = Buffer.from([0xa0, 0x0a])

    const { requests } = await requestsFor(Readable.from([Buffer.concat([bytes, notUtf8])]), 1)

    assert.deepEqual(requests, [[Buffer.from('a\n'), notUtf8]])
  })

  it('makes nothing of nothing', async () => {
    assert.deepEqual(await requestsFor(chunksOf('', '\n\n'), 1), { requests: [], sums: [] })
  })

  it('sends at most a thousand messages in a request, as Pub/Sub takes them', async () => {
    const { requests, sums } = await requestsFor(manyLines(1_500, 'a\n'), 1)

    assert.deepEqual(
      requests.map(({ length }) => length),
      [1_000, 500],
    )
    assert.deepEqual(sums, [
      { events: 1_000, messages: 1_000 },
      { events: 1_500, messages: 1_500 },
    ])
  })

  it('sends no request that Pub/Sub would find too large', async () => {
    const { requests } = await requestsFor(manyLines(8, lineOf(MB)), 2)

    assert.equal(requests.flat().length, 4)
    assert.ok(requests.length > 1)
    for (const request of requests) {
      const data = request.map((message) => Buffer.from(message).toString('base64'))
      assert.ok(JSON.stringify({ messages: data.map((one) => ({ data: one })) }).length <= 10 * MB)
    }
  })

  it('puts fewer events in a message where they would be too large together', async () => {
    const { requests, sums } = await requestsFor(manyLines(3, lineOf(3 * MB)), 100)

    assert.deepEqual(
      requests.flat().map(({ length }) => length),
      [6 * MB, 3 * MB],
    )
    assert.deepEqual(sums.at(-1), { events: 3, messages: 2 })
  })

  it('says which line is too long, and publishes what comes before it', async () => {
    const published: Uint8Array[] = []
    const publish = async (messages: readonly Uint8Array[]) => void published.push(...messages)
    const chunks = manyLines(2_000, '{}\n')
    const tooLong = manyLines(8, 'x'.repeat(MB))
    const all = (async function* () {
      yield* chunks
      yield* tooLong
    })()

    await assert.rejects(async () => {
      for await (const _ of publishEvents(all, { perMessage: 1, publish }));
    }, /line 2001 has more than 6999999 bytes/)
    assert.ok(published.length >= 1_000)
  })

  it('reads no further than what it holds for the request under way', async () => {
    let read = 0
    const chunks = (async function* () {
      for (; read < 1_000; read++) yield Buffer.from(lineOf(MB))
    })()
    const publish = () => Promise.reject(new Error('not taken'))

    await assert.rejects(async () => {
      for await (const _ of publishEvents(chunks, { perMessage: 1, publish }));
    }, /not taken/)
    assert.ok(read < 10, `${read} MB read`)
  })
})

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { Clock } from '../../src/lib/clock.ts'
import { answering, hanging, startScriptedServer, type Turn } from '../deliver/scripted-server.ts'
import { createFakeClock, type FakeClock, settlePromises } from '../helpers/fake-clock.ts'
import { until } from '../helpers/until.ts'
import { startWorld, type World } from '../helpers/world.ts'

const DATA = ['a', 'b', 'c']
  .map((name) => `{"event":"${name}","properties":{"distinct_id":"u"}}`)
  .join('\n')
const OK = JSON.stringify({ code: 200, num_records_imported: 3, status: 'OK' })
const MiB = 1024 * 1024

/** The world with this in Mixpanel's place. */
async function startHostileWorld(t: TestContext, turn: Turn, clock: Clock) {
  const mixpanel = await startScriptedServer(t, [turn])
  const env = { MIXPANEL_URL: mixpanel.url, MIXPANEL_TIMEOUT_SECONDS: '5' }
  const world = await startWorld(t, { clock, env })
  return { ...world, hostile: mixpanel }
}

/** Goes on for as long as somebody listens. */
function withoutEnd(response: ServerResponse, chunk: Uint8Array | string): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const write = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', write)
  write()
}

/** A byte at a time, each sooner than any time-out between two of them. */
function dripping(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 10)
  response.on('close', () => clearInterval(timer))
}

function gzipped(body: Uint8Array): Turn {
  return (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body)
}

/** Only our own time limit ends these. */
const endless: Record<string, Turn> = {
  'nothing, for ever': hanging,
  'a body that drips': dripping,
  'a success that promises more than it holds': answering(200, OK, { 'content-length': '1000' }),
}

const hostilities: Record<string, Turn> = {
  'a body without end': (response) => withoutEnd(response, 'x'.repeat(64 * 1024)),
  'headers without end': (response) => {
    response.socket?.write('HTTP/1.1 200 OK\r\n')
    const line = `x: ${'y'.repeat(1_000)}\r\n`
    const write = (): void => {
      while (response.socket?.writable && response.socket.write(line));
    }
    response.socket?.on('drain', write)
    write()
  },
  'a redirect to itself': answering(307, '', { location: '/import' }),
  'a redirect to nowhere': answering(302, OK, { location: 'http://127.0.0.1:1/' }),
  'gzip that is none': gzipped(Buffer.from(OK)),
  'gzip that is cut off': gzipped(gzipSync(OK).subarray(0, 20)),
  'gzip of a hundred times its size': gzipped(gzipSync(Buffer.alloc(16 * MiB, 0x20))),
  'no HTTP at all': (response) => response.socket?.end('go away\r\n\r\n'),
  'a status line and no more': (response) => response.socket?.end('HTTP/1.1 200 OK\r\n\r\n'),
  'an early success, and more of it': answering(200, `${OK}${OK}`),
  'a page': answering(200, '<html>OK</html>'),
}

describe('a Mixpanel that answers with', () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  before(() => process.on('unhandledRejection', note))
  after(() => process.off('unhandledRejection', note))

  for (const [name, turn] of Object.entries({ ...endless, ...hostilities })) {
    it(`${name} gets no ack out of us, and leaves neither sockets nor memory behind`, async (t) => {
      const clock = createFakeClock(Date.now())
      const world = await startHostileWorld(t, turn, clock)

      const push = world.pusher.push({ data: DATA })
      await world.hostile.received(1)
      if (!Object.hasOwn(endless, name)) await until('the attempt ends', () => hasEndedOne(world))
      const answer = await whileTimePasses(clock, push)

      assert.equal(answer.status, 503)
      assert.deepEqual(await world.deadLetters(), [])
      await whileTimePasses(clock, world.service.close())
      for (const { closed } of world.hostile.requests) await closed
      while ((await bufferedBytes(world)) > 0) await settlePromises()
      assert.deepEqual(unhandled, [])
    })
  }

  it('JSON of the wrong shape in any place gets no ack for an event that it does not settle', async (t) => {
    let body: unknown
    const turn: Turn = (response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const clock = createFakeClock(Date.now())
    const world = await startHostileWorld(t, turn, clock)
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(0, 1, 2, 'OK', null))
    const shapes = fc.record(
      {
        code: value,
        error: value,
        status: value,
        num_records_imported: value,
        failed_records: fc.oneof(value, fc.array(fc.oneof(value, fc.record({ index: value })))),
      },
      { requiredKeys: [] },
    )
    let next = 0
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        body = shape
        const before = (await world.deadLetters()).length

        const push = world.pusher.push({ messageId: `${++next}`, data: DATA })
        const answer = await whileTimePasses(clock, push, 20)

        const letters = (await world.deadLetters()).length - before
        // Nothing is ever imported here: what is acked lies in the dead letters, all of it.
        if (answer.status === 204) assert.ok(letters + importedBy(shape) >= 3)
        // Work goes on past a deadline, which a busy machine may miss, and stores letters.
        else if (JSON.parse(answer.body).code !== 'DEADLINE') assert.equal(letters, 0)
      }),
      { numRuns: 20 },
    )
    assert.ok(world.hostile.requests.length >= 20)
  })
})

/** The most events that an answer claims to have imported. A negative number counts as none. */
function importedBy({ num_records_imported: count }: { num_records_imported?: unknown }): number {
  return typeof count === 'number' ? Math.max(0, count) : 0
}

/** A step of the clock for each turn of the event loop: what is busy is as slow as what it waits for. */
async function whileTimePasses<T>(clock: FakeClock, promise: Promise<T>, stepMs = 100): Promise<T> {
  let isSettled = false
  const end = promise.finally(() => {
    isSettled = true
  })
  while (!isSettled) await clock.advance(stepMs)
  return end
}

async function hasEndedOne({ service }: World): Promise<boolean> {
  return /request_seconds_count\{.*\} [1-9]/.test(await service.metrics.text())
}

async function bufferedBytes({ service }: World): Promise<number> {
  const metrics = await service.metrics.text()
  return Number(/buffered_bytes (\d+)/.exec(metrics)?.[1])
}

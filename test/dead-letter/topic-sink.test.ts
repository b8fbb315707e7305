import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Access, GoogleCredentials } from '../../src/dead-letter/google-credentials.ts'
import { NO_CREDENTIALS } from '../../src/dead-letter/google-credentials.ts'
import { createTopicClient } from '../../src/dead-letter/topic-client.ts'
import { TopicError } from '../../src/dead-letter/topic-error.ts'
import {
  createTopicSink,
  type TopicLimits,
  type TopicSink,
} from '../../src/dead-letter/topic-sink.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import {
  LOCAL_DEAD_LETTER_TOPIC,
  type PubsubStandIn,
  type PubsubStandInOptions,
} from '../../src/local/pubsub-stand-in.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { aDeadLetter } from './a-dead-letter.ts'

/** A thousandth of those of Pub/Sub. */
const SMALL_LIMITS = { requestBytes: 10_000, plainBytes: 7_000 }

interface SceneOptions extends PubsubStandInOptions {
  readonly topic?: string
  readonly clock?: Clock
  readonly credentials?: GoogleCredentials
  readonly emulated?: boolean
  readonly maxQueuedBytes?: number
  readonly limits?: TopicLimits
}

interface Scene {
  readonly pubsub: PubsubStandIn
  readonly sink: TopicSink
  readonly unproven: unknown[]
}

async function startScene(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const pubsub = await startPubsub(t, options)
  const unproven: unknown[] = []
  const client = createTopicClient(
    {
      baseUrl: pubsub.url,
      name: options.topic ?? LOCAL_DEAD_LETTER_TOPIC,
      userAgent: 'pubsub-mixpanel/test',
    },
    {
      clock: options.clock ?? systemClock,
      credentials: options.credentials ?? NO_CREDENTIALS,
    },
  )
  const sink = createTopicSink(
    {
      emulated: options.emulated ?? false,
      maxQueuedBytes: options.maxQueuedBytes ?? 32_000_000,
      ...(options.limits && { limits: options.limits }),
    },
    {
      client,
      unproven: (error) => unproven.push(error instanceof TopicError ? error.code : error),
    },
  )
  t.after(() => sink.close())
  return { pubsub, sink, unproven }
}

/** Credentials that hand out one token after the other, each until it is forgotten. */
function createTokens(...tokens: readonly string[]): GoogleCredentials & { asked(): number } {
  let place = 0
  let asked = 0
  return {
    asked: () => asked,
    access: async () => {
      asked += 1
      return { kind: 'granted', headers: { authorization: `Bearer ${tokens[place]}` } }
    },
    forget: () => {
      place += 1
    },
  }
}

const letter = (id: string) => aDeadLetter({ id })

function idsIn({ pubsub }: Pick<Scene, 'pubsub'>): readonly (string | undefined)[] {
  return pubsub.messages().map(({ attributes }) => attributes['pubsub-mixpanel-id'])
}

async function statusesOf(promises: readonly Promise<unknown>[]): Promise<string[]> {
  return (await Promise.allSettled(promises)).map(({ status }) => status)
}

describe('a store', () => {
  it('publishes one message a letter, and is done once they are confirmed', async (t) => {
    const { pubsub, sink } = await startScene(t)
    pubsub.answerAlways({ kind: 'gate' })
    let done = false

    const stored = sink.store([letter('a'), letter('b')]).then(() => {
      done = true
    })
    await pubsub.waitForRequests(1)
    const neighbour = await startPubsub(t)
    await fetch(neighbour.url)
    assert.equal(done, false)
    pubsub.release()
    await stored

    assert.deepEqual(idsIn({ pubsub }), ['a', 'b'])
    assert.equal(pubsub.requests()[0]?.userAgent, 'pubsub-mixpanel/test')
  })

  it('of nothing asks for nothing', async (t) => {
    const { pubsub, sink } = await startScene(t)

    await sink.store([])

    assert.equal(pubsub.requests().length, 0)
  })

  it('waits for no other, up to eight requests, and travels with all that came meanwhile', async (t) => {
    const { pubsub, sink } = await startScene(t)
    pubsub.answerNext(8, { kind: 'gate' })

    const stores = Array.from({ length: 12 }, (_, at) => sink.store([letter(`${at}`)]))
    await pubsub.waitForRequests(8)
    pubsub.release()
    await Promise.all(stores)

    assert.deepEqual(
      pubsub.requests().map(({ messages }) => messages),
      [1, 1, 1, 1, 1, 1, 1, 1, 4],
    )
    assert.ok(pubsub.connections() <= 9)
  })

  it('of more than a request may hold takes several', async (t) => {
    const { pubsub, sink } = await startScene(t)

    await sink.store(Array.from({ length: 1_001 }, (_, i) => letter(`${i}`)))

    assert.deepEqual(
      pubsub.requests().map(({ messages }) => messages),
      [1_000, 1],
    )
  })

  it('keeps each request within its limit as it is sent, base64 included', async (t) => {
    const { pubsub, sink } = await startScene(t, { limits: SMALL_LIMITS })
    const large = (id: string) => aDeadLetter({ id, event: 'x'.repeat(3_000) })

    await Promise.all([
      sink.store([large('a'), large('b'), large('c')]),
      sink.store([large('d')]),
      sink.store([large('e')]),
    ])

    assert.deepEqual(
      pubsub.requests().map(({ messages }) => messages),
      [2, 1, 2],
    )
    assert.ok(pubsub.requests().every(({ bytes }) => bytes <= SMALL_LIMITS.requestBytes))
  })

  it('compresses an event that is too large for a message', async (t) => {
    const { pubsub, sink } = await startScene(t, { limits: SMALL_LIMITS })
    const event = `{"event":"large","x":"${'x'.repeat(20_000)}"}`

    await sink.store([aDeadLetter({ event })])

    const [message] = pubsub.messages()
    assert.equal(String(gunzipSync(message?.data ?? '')), event)
    assert.equal(message?.attributes['pubsub-mixpanel-shortened'], 'data')
  })

  it('compresses data that is too large for a message, unless it is gzip', async (t) => {
    const { pubsub, sink } = await startScene(t, { limits: SMALL_LIMITS })
    const { event, ...rest } = aDeadLetter()
    const text = Buffer.alloc(9_000, '{}\n')
    const gzip = Buffer.concat([gzipSync('{}'), Buffer.alloc(7_100)])

    for (const bytes of [text, gzip])
      await sink.store([{ ...rest, data: bytes.toString('base64') }])

    const [one, other] = pubsub.messages()
    assert.ok(gunzipSync(one?.data ?? '').equals(text))
    assert.ok(other?.data.equals(gzip))
  })

  it('publishes the bytes of data that are not text', async (t) => {
    const { pubsub, sink } = await startScene(t)
    const { event, ...rest } = aDeadLetter()

    const bytes = Buffer.from([0xff, 0x00])
    for (const data of [bytes, bytes.toString('base64')]) await sink.store([{ ...rest, data }])

    assert.deepEqual(
      pubsub.messages().map(({ data }) => [...data]),
      [
        [0xff, 0x00],
        [0xff, 0x00],
      ],
    )
  })

  for (const [what, behaviour, code] of [
    ['403', { kind: 'status', status: 403, body: 'secret' }, 'STATUS_403'],
    ['404', { kind: 'status', status: 404 }, 'STATUS_404'],
    ['429', { kind: 'status', status: 429 }, 'STATUS_429'],
    ['503', { kind: 'status', status: 503, body: '<html>' }, 'STATUS_503'],
    ['a redirect', { kind: 'status', status: 302, headers: { location: '/' } }, 'STATUS_302'],
    ['a 200 of a proxy', { kind: 'status', status: 200, body: '<html>' }, 'NOT_CONFIRMED'],
    ['a 200 without a body', { kind: 'status', status: 200 }, 'NOT_CONFIRMED'],
    [
      'ids that are none',
      { kind: 'status', status: 200, body: { messageIds: [7] } },
      'NOT_CONFIRMED',
    ],
    ['fewer ids than messages', { kind: 'confirm_fewer' }, 'NOT_CONFIRMED'],
    ['a reset', { kind: 'reset' }, 'ECONNRESET'],
    [
      'a huge answer',
      { kind: 'status', status: 200, body: 'x'.repeat(300_000) },
      'ERR_BAD_RESPONSE',
    ],
  ] as const) {
    it(`is refused on ${what}, and the next one goes well`, async (t) => {
      const { pubsub, sink } = await startScene(t)
      pubsub.answerNext(1, behaviour)

      const refused = sink.store([letter('a')])

      await assert.rejects(refused, { name: 'TopicError', code })
      await sink.store([letter('b')])
      assert.equal(idsIn({ pubsub }).at(-1), 'b')
    })
  }

  it('is refused on an answer that is cut off', async (t) => {
    const { pubsub, sink } = await startScene(t)
    pubsub.answerNext(1, { kind: 'cut_off' })

    await assert.rejects(sink.store([letter('a')]), TopicError)
  })

  it('is refused when no answer comes in ten seconds', async (t) => {
    const clock = createFakeClock()
    const { pubsub, sink } = await startScene(t, { clock })
    pubsub.answerNext(1, { kind: 'hang' })

    const refused = assert.rejects(sink.store([letter('a')]), { code: 'TIMED_OUT' })
    await pubsub.waitForRequests(1)
    await clock.advance(10_000)
    await refused

    await sink.store([letter('b')])
    assert.deepEqual(idsIn({ pubsub }), ['b'])
  })

  it('is refused when Pub/Sub cannot be reached, and recovers by itself', async (t) => {
    const port = await freePorts(1)
    const { pubsub, sink } = await startScene(t, { port })
    await pubsub.close()
    await assert.rejects(sink.store([letter('a')]), { code: 'ECONNREFUSED' })
    const back = await startPubsub(t, { port })

    await sink.store([letter('b')])

    assert.deepEqual(idsIn({ pubsub: back }), ['b'])
  })

  it('is refused when too much waits already', async (t) => {
    const { pubsub, sink } = await startScene(t, { maxQueuedBytes: 1_000 })
    pubsub.answerNext(8, { kind: 'gate' })
    const first = Array.from({ length: 8 }, () => sink.store([letter('a')]))
    await pubsub.waitForRequests(8)

    const stores = ['b', 'c', 'd', 'e'].map((id) => sink.store([letter(id)]))
    await assert.rejects(Promise.all(stores), /too many dead letters wait/)
    pubsub.release()

    assert.deepEqual(new Set(await statusesOf(first)), new Set(['fulfilled']))
    assert.deepEqual(new Set(await statusesOf(stores)), new Set(['fulfilled', 'rejected']))
  })

  it('does not end others that have been under way for four seconds', async (t) => {
    const clock = createFakeClock()
    const { pubsub, sink } = await startScene(t, { clock })
    pubsub.answerNext(1, { kind: 'gate' })
    const slow = sink.store([letter('slow')])
    await pubsub.waitForRequests(1)

    await clock.advance(4_000)
    await sink.store([letter('a')])
    pubsub.release()

    await slow
  })

  it('opens a new connection when the last one has been idle for four seconds', async (t) => {
    const clock = createFakeClock()
    const { pubsub, sink } = await startScene(t, { clock })

    for (const idleMs of [3_999, 4_000]) {
      await sink.store([letter('a')])
      await clock.advance(idleMs)
    }
    await sink.store([letter('b')])

    assert.equal(pubsub.connections(), 2)
  })
})

describe('a letter that Pub/Sub refuses', () => {
  it('takes no neighbour along, and goes without the attributes of its publisher', async (t) => {
    const { pubsub, sink } = await startScene(t)
    pubsub.answerNext(1, { kind: 'status', status: 400 })
    pubsub.answerNext(1, { kind: 'status', status: 400 })
    pubsub.answerNext(1, { kind: 'status', status: 400 })
    const { message } = aDeadLetter()
    const letters = ['a', 'b', 'c', 'd'].map((id) => {
      return aDeadLetter({ id, message: { ...message, attributes: { source: id } } })
    })

    await sink.store(letters)

    assert.deepEqual(
      pubsub.messages().map(({ attributes }) => attributes.source),
      [undefined, 'b', 'c', 'd'],
    )
    assert.deepEqual(idsIn({ pubsub }), ['a', 'b', 'c', 'd'])
  })

  it('holds up no letters of other messages', async (t) => {
    const { pubsub, sink } = await startScene(t)
    pubsub.answerNext(1, { kind: 'gate' })

    const held = sink.store([letter('held')])
    await pubsub.waitForRequests(1)
    await Promise.all(['a', 'b', 'c'].map((id) => sink.store([letter(id)])))

    assert.deepEqual(idsIn({ pubsub }).toSorted(), ['a', 'b', 'c', 'held'])
    pubsub.release()
    await held
  })

  it('in both forms is not stored, and those that were sent with it are', async (t) => {
    const { pubsub, sink } = await startScene(t)
    pubsub.answerNext(8, { kind: 'gate' })
    const first = Array.from({ length: 8 }, () => sink.store([letter('a')]))
    await pubsub.waitForRequests(8)
    // The two, the first of them alone, and that without the attributes of its publisher.
    pubsub.answerNext(3, { kind: 'status', status: 400 })

    const stores = ['b', 'c'].map((id) => sink.store([letter(id)]))
    pubsub.release()
    await Promise.all(first)

    assert.deepEqual(await statusesOf(stores), ['rejected', 'fulfilled'])
    assert.deepEqual(idsIn({ pubsub }).slice(8), ['c'])
  })

  it('for its publisher’s attribute names is not refused: they travel under names of ours', async (t) => {
    const { pubsub, sink } = await startScene(t)
    const { message } = aDeadLetter()
    const attributes = { googclient_schemaencoding: 'JSON', source: 'web' }

    const letters = Array.from({ length: 200 }, (_, at) => {
      return aDeadLetter({ id: `${at}`, message: { ...message, attributes } })
    })
    await sink.store(letters)

    assert.equal(pubsub.requests().length, 1)
    assert.partialDeepStrictEqual(pubsub.messages()[199]?.attributes, {
      'pubsub-mixpanel-id': '199',
      'pubsub-mixpanel-original-googclient_schemaencoding': 'JSON',
      source: 'web',
    })
  })

  it('shows a fault of the topic when it is one of many, and the sink tries nothing more', async (t) => {
    const { pubsub, sink } = await startScene(t)
    pubsub.answerAlways({ kind: 'status', status: 400 })

    const refused = sink.store(Array.from({ length: 1_000 }, (_, i) => letter(`${i}`)))

    await assert.rejects(refused, { code: 'STATUS_400' })
    assert.equal(pubsub.requests().length, 14)
  })
})

describe('credentials', () => {
  it('go with every request', async (t) => {
    const credentials = createTokens('t-1')
    const { pubsub, sink } = await startScene(t, { tokens: ['t-1'], credentials })

    await sink.store([letter('a')])

    assert.deepEqual(idsIn({ pubsub }), ['a'])
  })

  it('that Google refuses are made anew, once', async (t) => {
    const credentials = createTokens('old', 'new')
    const { pubsub, sink } = await startScene(t, { tokens: ['new'], credentials })

    await sink.store([letter('a')])

    assert.deepEqual(idsIn({ pubsub }), ['a'])
    assert.equal(credentials.asked(), 2)
  })

  it('that Google refuses twice leave the letters unstored', async (t) => {
    const credentials = createTokens('old', 'older', 'good')
    const { pubsub, sink } = await startScene(t, { tokens: ['good'], credentials })

    await assert.rejects(sink.store([letter('a')]), { code: 'STATUS_401' })

    assert.equal(pubsub.requests().length, 2)
  })

  for (const [kind, code] of [
    ['refused', 'NO_CREDENTIALS'],
    ['unavailable', 'CREDENTIALS_UNAVAILABLE'],
  ] as const) {
    it(`that are ${kind} leave the letters unstored, and nothing is sent`, async (t) => {
      const credentials = {
        access: async (): Promise<Access> => ({ kind, code }),
        forget: () => {},
      }
      const { pubsub, sink } = await startScene(t, { credentials })

      await assert.rejects(sink.store([letter('a')]), { code })

      assert.equal(pubsub.requests().length, 0)
    })
  }

  it('that never come are waited for no longer than an answer', async (t) => {
    const clock = createFakeClock()
    let forgotten = 0
    const credentials: GoogleCredentials = {
      access: () => new Promise(() => {}),
      forget: () => {
        forgotten += 1
      },
    }
    const { sink } = await startScene(t, { clock, credentials })

    const refused = assert.rejects(sink.store([letter('a')]), { code: 'TIMED_OUT' })
    await clock.advance(10_000)
    await refused

    assert.equal(forgotten, 1)
  })
})

describe('a probe', () => {
  it('publishes nothing, and is content with a topic that may be published to', async (t) => {
    const { pubsub, sink, unproven } = await startScene(t)

    await sink.probe()

    assert.deepEqual([pubsub.messages(), unproven], [[], []])
  })

  it('asks an emulator, which knows no permissions, for the topic', async (t) => {
    const { sink } = await startScene(t, { emulated: true, permitted: false })

    await sink.probe()
  })

  for (const [what, options] of [
    ['does not exist', { topic: 'projects/p/topics/another' }],
    ['may not be published to', { permitted: false }],
    ['does not exist in an emulator', { topic: 'projects/p/topics/another', emulated: true }],
  ] as const) {
    it(`fails on a topic that ${what}, and says what to do`, async (t) => {
      const { sink } = await startScene(t, options)

      await assert.rejects(sink.probe(), {
        message:
          /^DEAD_LETTER=pubsub: names a topic that does not exist or may not be published to \(\w+\): create it, and grant roles\/pubsub.publisher/,
      })
    })
  }

  it('fails without credentials, and says what to do', async (t) => {
    const access: Access = { kind: 'refused', code: 'NO_CREDENTIALS' }
    const credentials = { access: async () => access, forget: () => {} }
    const { sink } = await startScene(t, { credentials })

    await assert.rejects(sink.probe(), {
      message:
        /^DEAD_LETTER=pubsub: cannot be reached without Google credentials \(NO_CREDENTIALS\)/,
    })
  })

  for (const [status, passes] of [
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [429, true],
    [500, true],
    [503, true],
  ] as const) {
    it(`${passes ? 'lets the start go on, and tells, on' : 'fails on'} ${status}`, async (t) => {
      const { pubsub, sink, unproven } = await startScene(t)
      pubsub.answerAlways({ kind: 'status', status })

      if (!passes) return assert.rejects(sink.probe(), { code: `STATUS_${status}` })
      await sink.probe()

      assert.deepEqual(unproven, [`STATUS_${status}`])
    })
  }

  it('lets the start go on, and tells, when Google cannot be reached', async (t) => {
    const { pubsub, sink, unproven } = await startScene(t, { port: await freePorts(1) })
    await pubsub.close()

    await sink.probe()

    assert.deepEqual(unproven, ['ECONNREFUSED'])
  })
})

describe('closing', () => {
  it('refuses what the topic has not confirmed, what waits for it, and what comes later', async (t) => {
    const { pubsub, sink } = await startScene(t, { limits: SMALL_LIMITS })
    pubsub.answerAlways({ kind: 'hang' })
    const large = 'x'.repeat(5_000)
    const unconfirmed = [1, 2].map(() => sink.store([aDeadLetter({ event: large })]))
    const refused = unconfirmed.map((stored) => assert.rejects(stored, { code: 'CLOSED' }))
    await pubsub.waitForRequests(1)

    await sink.close()

    await Promise.all(refused)
    await assert.rejects(sink.store([letter('b')]), /closed/)
  })

  it('waits for no credentials', async (t) => {
    const credentials = { access: () => new Promise<never>(() => {}), forget: () => {} }
    const { sink } = await startScene(t, { credentials })
    const refused = assert.rejects(sink.store([letter('a')]), { code: 'CLOSED' })

    await sink.close()

    await refused
  })
})

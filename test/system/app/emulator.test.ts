import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createTransform } from '../../../src/transform/transform.ts'
import { base64 } from '../../helpers/builders.ts'
import { createScaledClock } from '../../helpers/scaled-clock.ts'
import { until } from '../../helpers/until.ts'
import { startWorld, type WorldOptions } from '../../helpers/world.ts'
import {
  type Emulator,
  type PublishedMessage,
  type PulledMessage,
  startEmulator,
} from '../emulator.ts'

const GOOD = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'
const BROKEN = '{"event":"signed_up" "properties":{"distinct_id":"u-2"}}'
/** The emulator sends no token. */
const WITHOUT_TOKEN = { PUSH_AUTH: 'none', PUSH_AUDIENCE: '', PUSH_SERVICE_ACCOUNT: '' }
const NOT_HERE = 'Google’s Pub/Sub emulator is not installed here'

describe('with Google’s Pub/Sub emulator', () => {
  let emulator: Emulator | undefined

  before(async () => {
    emulator = await startEmulator()
  })

  after(async () => {
    await emulator?.stop()
  })

  /** A topic whose messages are pushed to the service, and a topic for its dead letters. */
  async function startScene(t: TestContext, options: WorldOptions = {}) {
    if (!emulator) {
      t.skip(NOT_HERE)
      return undefined
    }
    const { host, createTopic, pull, pushTo, unsubscribe, publish } = emulator
    const name = `${process.pid}-${Date.now()}`
    const events = await createTopic(`events-${name}`)
    const dead = await createTopic(`dead-${name}`)
    const env = {
      ...WITHOUT_TOKEN,
      DEAD_LETTER: `pubsub:${dead.topic}`,
      PUBSUB_EMULATOR_HOST: host,
    }
    const world = await startWorld(t, { env, ...options })
    const subscription = await subscribe(events.topic)

    return {
      ...world,
      subscription,
      publish: (...messages: PublishedMessage[]) => publish(events.topic, messages),
      letters: () => pull(dead.subscription),
      pushLetters: () => subscribe(dead.topic),
      publishLetter: (letter: PublishedMessage) => publish(dead.topic, [letter]),
      acked: (ids: readonly string[]) => until('an ack of every message', () => isAcked(ids)),
    }

    async function subscribe(topic: string): Promise<string> {
      const subscription = await pushTo(`${world.url}/push`, topic)
      t.after(() => unsubscribe(subscription))
      return subscription
    }

    function isAcked(ids: readonly string[]): boolean {
      return ids.every((id) =>
        world.logLines.some(
          (line) => line.includes(`"messageId":"${id}"`) && line.includes('push acked'),
        ),
      )
    }
  }

  it('imports each event of every message once: plain, several lines, gzip, no data at all', async (t) => {
    const scene = await startScene(t)
    if (!scene) return
    const { mixpanel, publish, acked, letters } = scene

    const [empty, plain, lines, gzip, ...others] = await publish(
      { attributes: { source: 'web' } },
      { data: base64(GOOD) },
      { data: base64(`${GOOD}\r\n${GOOD}\n`), attributes: { source: 'a/b' } },
      { data: base64(gzipSync(`${GOOD}\n${GOOD}`)), attributes: { 'content-encoding': 'gzip' } },
      ...Array.from({ length: 20 }, () => ({ data: base64(GOOD) })),
    )
    await acked([`${empty}`, `${plain}`, `${lines}`, `${gzip}`, ...others])

    const expected = [
      `${plain}-1`,
      ...[lines, gzip].flatMap((id) => [`${id}-1`, `${id}-2`]),
      ...others.map((id) => `${id}-1`),
    ]
    const imported = mixpanel.rows().map(({ insertId }) => insertId)
    assert.deepEqual(imported.sort(), expected.sort())
    assert.deepEqual(await letters(), [])
  })

  it('hands a message of attributes alone to the transform', async (t) => {
    const transform = createTransform((input, { attributes }) => {
      const { name = '', ...properties } = attributes
      return input === undefined ? { event: name, properties } : null
    })
    const scene = await startScene(t, { transform })
    if (!scene) return
    const { mixpanel, publish, acked } = scene

    const [id] = await publish({
      attributes: { name: 'signed_up', distinct_id: 'u-1' },
    })
    await acked([`${id}`])

    assert.deepEqual(
      mixpanel.rows().map(({ event, insertId }) => [event, insertId]),
      [['signed_up', `${id}-1`]],
    )
  })

  it('imports once, when it comes again, what Mixpanel was not there for', async (t) => {
    const scene = await startScene(t, { clock: createScaledClock(20) })
    if (!scene) return
    const { mixpanel, publish, acked, logLines, letters } = scene
    mixpanel.answerAlways({ kind: 'status', status: 503 })

    const [id] = await publish({ data: base64(`${GOOD}\n${GOOD}`) })
    await until('a nack', () => logLines.some((line) => line.includes('message nacked')))
    mixpanel.answerAlways('normally')
    await acked([`${id}`])

    assert.deepEqual(
      mixpanel.deduplicated().map(({ insertId }) => insertId),
      [`${id}-1`, `${id}-2`],
    )
    assert.deepEqual(await letters(), [])
  })

  it('puts a bad line into the topic, and imports it under its ids when it is published mended', async (t) => {
    const scene = await startScene(t)
    if (!scene) return
    const { mixpanel, publish, acked, letters, pushLetters, publishLetter, subscription } = scene

    const [id] = await publish({
      data: base64(`${GOOD}\n${BROKEN}`),
      attributes: { source: 'web' },
    })
    await acked([`${id}`])
    const [letter, ...others] = await letters()
    await pushLetters()
    await acked(await publishLetter({ ...sendable(letter), data: base64(GOOD) }))

    assert.deepEqual(others, [])
    assert.equal(letter?.data, base64(BROKEN))
    assert.partialDeepStrictEqual(letter?.attributes, {
      source: 'web',
      'pubsub-mixpanel-id': `${id}-2`,
      'pubsub-mixpanel-reason': 'invalid_json',
      'pubsub-mixpanel-line': '2',
      'pubsub-mixpanel-replays': '0',
      'pubsub-mixpanel-message-id': id,
      'pubsub-mixpanel-subscription': subscription,
    })
    const time = Date.parse(letter?.attributes?.['pubsub-mixpanel-publish-time'] ?? '')
    assert.deepEqual(
      mixpanel.rows().map((row) => [row.insertId, row.time]),
      [`${id}-1`, `${id}-2`].map((insertId) => [insertId, time]),
    )
  })

  it('pushes a letter that stays bad again and again under its id, and counts, until it is mended', async (t) => {
    let mended = false
    const transform = createTransform((input) => {
      if (mended) return input
      throw new Error('not yet')
    })
    const scene = await startScene(t, { transform })
    if (!scene) return
    const { mixpanel, publish, letters, pushLetters } = scene
    const seen: (PulledMessage | undefined)[] = []

    await pushLetters()
    const [id] = await publish({ data: base64(GOOD) })
    await until('two replays', async () => seen.push(...(await letters())) > 2)
    mended = true
    await until('an import', () => mixpanel.rows().length > 0)

    seen.push(...(await letters()))
    const said = (name: string) => seen.map((one) => one?.attributes?.[`pubsub-mixpanel-${name}`])
    assert.deepEqual(
      said('replays').sort((a, b) => Number(a) - Number(b)),
      seen.map((_, replays) => `${replays}`),
    )
    assert.deepEqual(new Set(said('id')), new Set([`${id}-1`]))
    assert.deepEqual(new Set(said('message-id')), new Set([id]))
    assert.deepEqual(
      mixpanel.rows().map(({ insertId }) => insertId),
      [`${id}-1`],
    )
  })

  it('a start fails when the topic does not exist', async (t) => {
    if (!emulator) return t.skip(NOT_HERE)
    const env = {
      DEAD_LETTER: 'pubsub:projects/emulated/topics/none',
      PUBSUB_EMULATOR_HOST: emulator.host,
    }

    await assert.rejects(startWorld(t, { env }), /does not exist .* create it/)
  })
})

/** A message as whoever replays it by hand publishes it. */
function sendable(message: PulledMessage | undefined): PublishedMessage {
  const { data = '', attributes = {} } = message ?? {}
  return { data, attributes }
}

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../src/local/pubsub-stand-in.ts'
import { createTransform } from '../../src/transform/transform.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'

const MESSAGE = { messageId: '77', publishTime: '2026-01-02T03:04:05.678Z' }
/** As many and as large as Pub/Sub lets pass. */
const ATTRIBUTES = Object.fromEntries(
  Array.from({ length: 80 }, (_, at) => [`a${at}`, 'v'.repeat(1_000)]),
)

/** The lines of more than one portion. */
const MANY = 4_100
const PLAIN = { distinct_id: 'u', time: 1_767_000_000 }

function eventOf(line: number): string {
  return JSON.stringify({ event: 'e', properties: { distinct_id: 'u', line, time: 1_767_000_000 } })
}

function dataOf(lines: number): string {
  return Array.from({ length: lines }, (_, at) => eventOf(at + 1)).join('\n')
}

async function settledIn({ service }: World, reason: string): Promise<number> {
  const label = `{outcome="dead_lettered",reason="${reason}"}`
  const text = await service.metrics.text()
  const line = text.split('\n').find((one) => one.includes(`events_settled_total${label}`))
  return Number(line?.split(' ').at(-1))
}

describe('the letters of one message in files', () => {
  it('are one when a small gzip holds very many bad lines', async (t) => {
    // A busy machine may need longer than the usual ack deadline.
    const world = await startWorld(t, { env: { PUSH_ACK_DEADLINE_SECONDS: '600' } })
    const data = gzipSync('{}\n'.repeat(20_000))

    const answer = await world.pusher.push({ ...MESSAGE, data })

    assert.equal(answer.status, 204)
    const [letter, ...others] = await world.deadLetters()
    assert.equal(others.length, 0)
    assert.partialDeepStrictEqual(letter, {
      id: '77-0',
      reason: 'too_many_rejected',
      detail: '20000 events were rejected: invalid_event 20000; first field: event',
      data: data.toString('base64'),
      line: 0,
      events: 20_000,
      lines: '1-20000',
    })
    assert.ok(JSON.stringify(letter).length < 10_000)
    assert.equal(await settledIn(world, 'invalid_event'), 20_000)
  })

  it('are one when each would repeat large attributes', async (t) => {
    const world = await startWorld(t)
    const data = `${eventOf(1)}\n${'{"event":"a"}\n'.repeat(1_000)}`

    const answer = await world.pusher.push({ ...MESSAGE, data, attributes: ATTRIBUTES })

    assert.equal(answer.status, 204)
    const [letter, ...others] = await world.deadLetters()
    assert.equal(others.length, 0)
    assert.partialDeepStrictEqual(letter, { event: data, events: 1_000, lines: '2-1001' })
    assert.equal(world.mixpanel.rows().length, 1)
  })

  it('keep the reason of each of 1,500 bad lines, gzip or not', async (t) => {
    const world = await startWorld(t)
    const data = gzipSync(`${eventOf(1)}\n${'{"event":"a"}\n'.repeat(1_500)}`)

    await world.pusher.push({ ...MESSAGE, data })

    const letters = await world.deadLetters()
    assert.equal(letters.length, 1_500)
    assert.ok(letters.every(({ reason }) => reason === 'invalid_event'))
  })
})

describe('a line that is too long for a letter of its own', () => {
  const long = `{"event":"long","properties":{"text":"${'x'.repeat(20_000_000)}"}}`

  it('is stored with its message, and takes none of its neighbours along', async (t) => {
    const world = await startWorld(t)
    const data = gzipSync(`${eventOf(1)}\n${long}\n${eventOf(3)}`)

    const answer = await world.pusher.push({ ...MESSAGE, data })

    assert.equal(answer.status, 204)
    assert.deepEqual(
      world.mixpanel
        .rows()
        .map(({ properties }) => properties.line)
        .sort(),
      [1, 3],
    )
    const [letter, ...others] = await world.deadLetters()
    assert.equal(others.length, 0)
    assert.partialDeepStrictEqual(letter, {
      id: '77-0',
      reason: 'too_many_rejected',
      detail: '1 event was rejected: too_large 1',
      data: data.toString('base64'),
      events: 1,
      lines: '2',
    })
    assert.equal(await settledIn(world, 'too_large'), 1)
  })

  it('is rejected with its message when it stands alone', async (t) => {
    const world = await startWorld(t)

    await world.pusher.push({ ...MESSAGE, data: gzipSync(long) })

    const [letter] = await world.deadLetters()
    assert.partialDeepStrictEqual(letter, { id: '77-0', reason: 'too_large' })
  })

  it('is sent with all that follows it, when a broken array that holds it was mended', async (t) => {
    const { world, pubsub } = await startTopic(t)
    const events = [eventOf(1), eventOf(2), eventOf(3)]
    const space = ' '.repeat(20_000_000)
    await world.pusher.push({
      ...MESSAGE,
      data: gzipSync(`[${events[0]},NaN,${space}${events[2]}]`),
    })
    const [letter] = pubsub.messages()
    assert.equal(letter?.attributes['pubsub-mixpanel-lines'], '2-999999999')

    await world.pusher.push({ ...letter, messageId: '9', data: gzipSync(`[${events}]`) })

    const ids = world.mixpanel.rows().map(({ insertId }) => insertId)
    assert.deepEqual(ids.sort(), ['77-1', '77-2', '77-3'])
  })
})

describe('a letter of many events, published again', () => {
  for (const INSERT_ID of ['message', 'content']) {
    it(`sends its lines only, with their ids, with INSERT_ID=${INSERT_ID}`, async (t) => {
      const { world, pubsub, fails } = await startScene(t, INSERT_ID)
      fails.from = 101
      await world.pusher.push({ ...MESSAGE, data: dataOf(MANY), attributes: ATTRIBUTES })
      assert.equal(world.mixpanel.rows().length, 100)

      fails.from = Number.POSITIVE_INFINITY
      const [letter, ...others] = pubsub.messages()
      assert.ok(letter)
      assert.equal(others.length, 0)
      await world.pusher.push(letter)
      await world.pusher.push({ ...letter, messageId: '9' })

      assert.equal(world.mixpanel.deduplicated().length, MANY)
      assert.equal(world.mixpanel.rows().length, 100 + 2 * (MANY - 100))
      const ids = new Set(world.mixpanel.rows().map(({ insertId }) => insertId))
      assert.equal(ids.size, MANY)
    })
  }

  for (const INSERT_ID of ['message', 'content']) {
    it(`takes no id of an equal event that was imported, with INSERT_ID=${INSERT_ID}`, async (t) => {
      let isBad = (line: number) => line % 3 === 1
      const transform = createTransform((input, { line }) => {
        if (isBad(line)) throw new Error('no')
        return line % 3 === 2
          ? input
          : [input, { event: line % 6 === 0 ? '' : 'ok', properties: PLAIN }]
      })
      const { world, pubsub } = await startTopic(t, { env: { INSERT_ID }, transform })
      const data = `${eventOf(1)}\n`.repeat(300)
      await world.pusher.push({ ...MESSAGE, data, attributes: ATTRIBUTES })
      assert.equal(pubsub.messages().length, 1)
      const imported = world.mixpanel.rows().length

      isBad = () => false
      for (const letter of pubsub.messages()) await world.pusher.push(letter)

      assert.equal(world.mixpanel.deduplicated().length, imported + 200)
    })
  }

  it('is a letter of those that are still bad, with the same id', async (t) => {
    const { world, pubsub, fails } = await startScene(t, 'message')
    fails.from = 101
    await world.pusher.push({ ...MESSAGE, data: dataOf(1_000), attributes: ATTRIBUTES })

    fails.from = 501
    for (const letter of pubsub.messages()) await world.pusher.push(letter)

    assert.deepEqual(
      pubsub.messages().map(({ attributes }) => {
        return ['id', 'reason', 'events', 'lines', 'replays'].map(
          (name) => attributes[`pubsub-mixpanel-${name}`],
        )
      }),
      [
        ['77-0', 'too_many_rejected', '900', '101-1000', '0'],
        ['77-0', 'too_many_rejected', '500', '501-1000', '1'],
      ],
    )
    assert.equal(world.mixpanel.rows().length, 500)
  })

  it('holds the message as it was published', async (t) => {
    const { world, pubsub, fails } = await startScene(t, 'message')
    fails.from = 1
    const data = gzipSync(dataOf(1_000))

    await world.pusher.push({ ...MESSAGE, data, attributes: ATTRIBUTES })

    const [letter] = pubsub.messages()
    assert.equal(String(gunzipSync(letter?.data ?? '')), dataOf(1_000))
    assert.equal(letter?.attributes.a79, ATTRIBUTES.a79)
  })
})

/** A service whose transform fails on all lines from one on. */
async function startScene(t: TestContext, insertId: string) {
  const fails = { from: 1 }
  const transform = createTransform((input, { line }) => {
    if (line >= fails.from) throw new Error('no')
    return input
  })
  return { ...(await startTopic(t, { env: { INSERT_ID: insertId }, transform })), fails }
}

/** A service whose letters go to a topic. */
async function startTopic(t: TestContext, { env, ...options }: WorldOptions = {}) {
  const pubsub = await startPubsub(t)
  const topic = {
    DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`,
    PUBSUB_EMULATOR_HOST: pubsub.host,
  }
  const world = await startWorld(t, { ...options, env: { ...topic, ...env } })
  return { world, pubsub }
}

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { TopicMessage } from '../../src/local/pubsub/publish-rules.ts'
import { LOCAL_DEAD_LETTER_TOPIC, type PubsubStandIn } from '../../src/local/pubsub-stand-in.ts'
import type { PublishedMessage } from '../../src/local/push-request.ts'
import { createTransform, type Transform } from '../../src/transform/transform.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { createScaledClock } from '../helpers/scaled-clock.ts'
import { startWorld, type World } from '../helpers/world.ts'

const GOOD = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'
const TIMED = '{"event":"clicked","properties":{"distinct_id":"u-1","time":1700000000000}}'
const TOO_DEEP =
  '{"event":"deep","properties":{"a":{"b":{"c":{"d":{"e":1}}}},"distinct_id":"u-3","time":1700000000000}}'
const BAD = '{"event":"signed_up","properties":{"distinct_id":"u-2","time":"yesterday"}}'
const MESSAGE = { messageId: '77', publishTime: '2026-01-02T03:04:05.678Z' }

interface Scene extends World {
  readonly pubsub: PubsubStandIn
}

async function startScene(
  t: TestContext,
  options: { transform?: Transform; env?: Record<string, string>; factor?: number } = {},
): Promise<Scene> {
  const pubsub = await startPubsub(t)
  const { transform, factor = 1 } = options
  const world = await startWorld(t, {
    env: {
      DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      ...options.env,
    },
    ...(factor > 1 && { clock: createScaledClock(factor) }),
    ...(transform && { transform }),
  })
  return { ...world, pubsub }
}

/** As Pub/Sub hands a message of the topic on: under an id and a publish time of its own. */
function replayOf(message: TopicMessage | undefined, data?: string): PublishedMessage {
  if (!message) throw new Error('no such message in the topic')
  return data === undefined ? message : { ...message, data }
}

function attributeOf(message: TopicMessage | undefined, name: string): string | undefined {
  return message?.attributes[`pubsub-mixpanel-${name}`]
}

describe('dead letters in a topic', () => {
  it('hold the bad event of a message, whose good one is imported, and the message is acked', async (t) => {
    const { pusher, mixpanel, pubsub } = await startScene(t)

    const answer = await pusher.push({
      ...MESSAGE,
      data: `${GOOD}\n${BAD}`,
      attributes: { source: 'web' },
    })

    assert.equal(answer.status, 204)
    assert.equal(mixpanel.rows().length, 1)
    const [letter, ...others] = pubsub.messages()
    assert.equal(others.length, 0)
    assert.equal(String(letter?.data), BAD)
    assert.partialDeepStrictEqual(letter?.attributes, {
      source: 'web',
      'pubsub-mixpanel-id': '77-2',
      'pubsub-mixpanel-reason': 'invalid_event',
      'pubsub-mixpanel-field': 'properties.time',
      'pubsub-mixpanel-replays': '0',
    })
  })

  it('of a topic with a schema keep all their attributes, and show them again', async (t) => {
    const seen: unknown[] = []
    const transform = createTransform((_input, { attributes }) => {
      seen.push(attributes)
      throw new Error('no')
    })
    const { pusher, pubsub } = await startScene(t, { transform })
    const attributes = { googclient_schemaencoding: 'JSON', source: 'web', '': 'hand-made' }
    await pusher.push({ ...MESSAGE, data: GOOD, attributes })

    await pusher.push(replayOf(pubsub.messages()[0]))

    assert.deepEqual(seen, [attributes, attributes])
    assert.equal(pubsub.requests().length, 2)
    assert.equal(attributeOf(pubsub.messages()[1], 'shortened'), undefined)
  })

  it('are confirmed before the message is acked', async (t) => {
    const { pusher, pubsub, url } = await startScene(t)
    pubsub.answerNext(1, { kind: 'gate' })
    let answered = false

    const push = pusher.push({ data: BAD }).finally(() => {
      answered = true
    })
    await pubsub.waitForRequests(1)
    await fetch(`${url}/health/ready`)
    assert.equal(answered, false)
    pubsub.release()

    assert.equal((await push).status, 204)
  })

  for (const [what, behaviour] of [
    ['refuses', { kind: 'status', status: 403 }],
    ['is gone', { kind: 'status', status: 404 }],
    ['confirms fewer than it was sent', { kind: 'confirm_fewer' }],
  ] as const) {
    it(`nack their message when the topic ${what}, and are stored when it comes again`, async (t) => {
      const { pusher, pubsub, mixpanel } = await startScene(t)
      pubsub.answerNext(1, behaviour)
      const message = { ...MESSAGE, data: `${GOOD}\n${BAD}` }

      const refused = await pusher.push(message)
      const after = await pusher.push(message)

      assert.equal(refused.status, 503)
      assert.equal(JSON.parse(refused.body).code, 'DEAD_LETTER_UNAVAILABLE')
      assert.equal(after.status, 204)
      assert.equal(attributeOf(pubsub.messages().at(-1), 'id'), '77-2')
      assert.equal(mixpanel.rows().length, 1)
    })
  }

  it('nack their message before its ack deadline when the topic never answers', async (t) => {
    const { pusher, pubsub } = await startScene(t, { factor: 20 })
    pubsub.answerNext(1, { kind: 'hang' })

    const answer = await pusher.push({ data: BAD })

    assert.equal(answer.status, 503)
    assert.equal(pubsub.messages().length, 0)
  })

  it('of messages at the same time travel together', async (t) => {
    const { pusher, pubsub } = await startScene(t)
    pubsub.answerNext(8, { kind: 'gate' })
    const first = Array.from({ length: 8 }, () => pusher.push({ data: BAD }))
    await pubsub.waitForRequests(8)

    const others = Array.from({ length: 20 }, () => pusher.push({ data: BAD }))
    await pusher.push({ data: GOOD })
    pubsub.release()
    await Promise.all([...first, ...others])

    assert.equal(pubsub.messages().length, 28)
    assert.ok(pubsub.requests().length < 28)
  })

  it('leave nothing secret in the log', async (t) => {
    const { pusher, pubsub, logLines } = await startScene(t)
    for (const behaviour of [
      { kind: 'status', status: 400, body: 'd1stinct p4yload' },
      { kind: 'status', status: 503, body: 'd1stinct p4yload' },
      { kind: 'status', status: 200, body: '{"messageIds":["p4yload"' },
      { kind: 'cut_off' },
      { kind: 'reset' },
    ] as const) {
      pubsub.answerNext(2, behaviour)
      await pusher.push({ data: '{"event":"p4yload","d1stinct":', attributes: { a: 'p4yload' } })
    }

    const written = logLines.join('\n')
    assert.match(written, /"type":"TopicError","code":"STATUS_503"/)
    assert.doesNotMatch(written, /p4yload|d1stinct|eyJ/)
  })
})

describe('a start', () => {
  it('fails, saying what to do, when the topic does not exist', async (t) => {
    const pubsub = await startPubsub(t)
    const env = {
      DEAD_LETTER: 'pubsub:projects/p/topics/another',
      PUBSUB_EMULATOR_HOST: pubsub.host,
    }

    await assert.rejects(startWorld(t, { env }), /does not exist .* create it, and grant/)
  })

  it('goes on when Pub/Sub cannot be reached, warns, and acks what needs no letter', async (t) => {
    const env = {
      DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`,
      PUBSUB_EMULATOR_HOST: '127.0.0.1:1',
    }

    const { pusher, logLines } = await startWorld(t, { env })
    const answers = [await pusher.push({ data: GOOD }), await pusher.push({ data: BAD })]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [204, 503],
    )
    assert.match(logLines.join(''), /"severity":"WARNING".*topic of DEAD_LETTER/)
  })
})

describe('a letter that is published again', () => {
  it('is imported once mended, with the ids and the time of its own message', async (t) => {
    const { pusher, pubsub, mixpanel } = await startScene(t)
    await pusher.push({ ...MESSAGE, data: `${GOOD}\n{"event":"signed_up" "properties":{}}` })

    const answer = await pusher.push(replayOf(pubsub.messages()[0], GOOD.replace('u-1', 'u-2')))

    assert.equal(answer.status, 204)
    assert.deepEqual(
      mixpanel.rows().map(({ insertId, time }) => [insertId, time]),
      [
        ['77-1', Date.parse(MESSAGE.publishTime)],
        ['77-2', Date.parse(MESSAGE.publishTime)],
      ],
    )
  })

  it('comes back as a letter of the same id when it is still bad, one replay older each time', async (t) => {
    const { pusher, pubsub } = await startScene(t)
    await pusher.push({ ...MESSAGE, data: `${GOOD}\n${BAD}`, attributes: { source: 'web' } })

    for (const at of [0, 1]) await pusher.push(replayOf(pubsub.messages()[at]))

    const letters = pubsub.messages()
    assert.deepEqual(
      letters.map((one) => attributeOf(one, 'replays')),
      ['0', '1', '2'],
    )
    const constant = ['id', 'line', 'message-id', 'publish-time', 'subscription', 'reason']
    for (const name of constant) {
      assert.equal(new Set(letters.map((one) => attributeOf(one, name))).size, 1, name)
    }
    for (const { data, attributes } of letters) {
      assert.deepEqual([String(data), attributes.source], [BAD, 'web'])
    }
  })

  it('clamps a time by the publish time of its own message', async (t) => {
    const { pusher, pubsub, mixpanel } = await startScene(t)
    const early = '{"event":"a","properties":{"distinct_id":"u","time":"2026-01-02T03:30:00Z"}'
    await pusher.push({ ...MESSAGE, data: `${GOOD}\n${early}` })

    await pusher.push(replayOf(pubsub.messages()[0], `${early}}`))

    assert.equal(mixpanel.rows()[1]?.time, Date.parse(MESSAGE.publishTime))
  })

  it('shows the transform the message that it was written for', async (t) => {
    const seen: unknown[] = []
    const transform = createTransform((_input, context) => {
      seen.push(context)
      throw new Error('no')
    })
    const { pusher, pubsub } = await startScene(t, { transform })
    await pusher.push({ ...MESSAGE, data: `1\n${GOOD}`, attributes: { a: 'b' }, orderingKey: 'k' })

    for (const letter of pubsub.messages()) await pusher.push(replayOf(letter))

    assert.equal(seen.length, 4)
    assert.deepEqual(seen.slice(2), seen.slice(0, 2))
  })

  it('shows the transform attributes alone when its message had no data', async (t) => {
    const seen: unknown[] = []
    const transform = createTransform((input, { attributes }) => {
      seen.push([input, attributes])
      throw new Error('no')
    })
    const { pusher, pubsub } = await startScene(t, { transform })
    await pusher.push({ ...MESSAGE, attributes: { event: 'a' } })

    await pusher.push(replayOf(pubsub.messages()[0]))

    assert.deepEqual(seen, [
      [undefined, { event: 'a' }],
      [undefined, { event: 'a' }],
    ])
    assert.equal(attributeOf(pubsub.messages()[1], 'replays'), '1')
  })

  describe('of one child of a line', () => {
    const TIME = 1_700_000_000_000
    const event = (name: string, time: unknown = TIME) => {
      return { event: name, properties: { distinct_id: 'u', time } }
    }
    const bad = (name: string) => event(name, 'yesterday')

    for (const [what, before, after, imported, rows] of [
      [
        'sends that child alone',
        [event('a'), bad('b'), event('c')],
        [event('a'), event('b'), event('c')],
        ['a', 'b', 'c'],
        3,
      ],
      [
        'sends nothing when the transform now makes the other events alone',
        [event('a'), bad('b')],
        [event('a')],
        ['a'],
        1,
      ],
      [
        'sends the only event that the transform makes now, once for all letters of the line',
        [bad('a'), bad('b')],
        [event('ab')],
        ['ab'],
        1,
      ],
      [
        'sends what the transform makes beyond what it made, too',
        [event('a'), bad('b')],
        [event('a'), event('b'), event('c')],
        ['a', 'b', 'c'],
        3,
      ],
    ] as const) {
      for (const INSERT_ID of ['message', 'content']) {
        it(`${what}, with INSERT_ID=${INSERT_ID}`, async (t) => {
          let made: readonly unknown[] = before
          const transform = createTransform(() => [...made])
          const { pusher, pubsub, mixpanel } = await startScene(t, {
            transform,
            env: { INSERT_ID },
          })
          await pusher.push({ ...MESSAGE, data: GOOD })

          made = after
          for (const letter of pubsub.messages()) await pusher.push(replayOf(letter))

          const names = mixpanel.deduplicated().map(({ event }) => event)
          assert.deepEqual(names.toSorted(), imported)
          assert.equal(mixpanel.rows().length, rows)
        })
      }
    }

    it('has the insert id that the child had, and the same letter when it is still bad', async (t) => {
      let isRefused = true
      const second = () => (isRefused ? JSON.parse(TOO_DEEP) : event('b'))
      const transform = createTransform(() => [event('a'), second()])
      const { pusher, pubsub, mixpanel } = await startScene(t, { transform })
      await pusher.push({ ...MESSAGE, data: GOOD })
      await pusher.push(replayOf(pubsub.messages()[0]))
      isRefused = false
      await pusher.push(replayOf(pubsub.messages()[1]))

      const letters = pubsub.messages().map((one) => {
        return ['id', 'child', 'children', 'replays'].map((name) => attributeOf(one, name))
      })
      assert.deepEqual(letters, [
        ['77-1-2', '2', '2', '0'],
        ['77-1-2', '2', '2', '1'],
      ])
      assert.equal(mixpanel.rows()[1]?.insertId, attributeOf(pubsub.messages()[0], 'insert-id'))
    })
  })

  for (const INSERT_ID of ['message', 'content']) {
    it(`keeps equal lines apart that had no id yet, with INSERT_ID=${INSERT_ID}`, async (t) => {
      let broken = true
      const transform = createTransform((input) => {
        if (broken) throw new Error('no')
        return input
      })
      const { pusher, pubsub, mixpanel } = await startScene(t, { transform, env: { INSERT_ID } })
      await pusher.push({ ...MESSAGE, data: `${TIMED}\n${TIMED}\n${TIMED}` })
      broken = false

      for (const letter of pubsub.messages()) await pusher.push(replayOf(letter))
      for (const letter of pubsub.messages()) await pusher.push({ ...letter, messageId: '9' })

      assert.equal(mixpanel.rows().length, 6)
      assert.equal(mixpanel.deduplicated().length, 3)
    })

    it(`keeps equal children apart that are mended one after the other, with INSERT_ID=${INSERT_ID}`, async (t) => {
      let mended = 0
      const unnamed = { event: '' }
      const transform = createTransform((input) => {
        if (mended === 0) throw new Error('no')
        return mended === 1 ? [unnamed, input] : [input, input]
      })
      const { pusher, pubsub, mixpanel } = await startScene(t, { transform, env: { INSERT_ID } })
      await pusher.push({ ...MESSAGE, data: `${TIMED}\n${TIMED}` })
      mended = 1
      for (const letter of pubsub.messages().slice(0, 2)) await pusher.push(replayOf(letter))
      mended = 2

      for (const letter of pubsub.messages().slice(2)) await pusher.push(replayOf(letter))
      for (const letter of pubsub.messages()) await pusher.push({ ...letter, messageId: '9' })

      assert.equal(mixpanel.deduplicated().length, 4)
    })

    it(`keeps the ids of equal children that Mixpanel refused, with INSERT_ID=${INSERT_ID}`, async (t) => {
      const transform = createTransform((input) => [input, input])
      const data = `${TOO_DEEP}\n${TIMED}\n${TOO_DEEP}`
      const env = { INSERT_ID }
      const { pusher, pubsub } = await startScene(t, { transform, env })
      await pusher.push({ ...MESSAGE, data })
      const letters = pubsub.messages()
      assert.equal(letters.length, 4)

      const ids = new Set(letters.map((letter) => attributeOf(letter, 'insert-id')))
      for (const letter of letters) await pusher.push(replayOf(letter))

      const again = pubsub.messages().slice(4)
      assert.equal(ids.size, 4)
      assert.deepEqual(new Set(again.map((letter) => attributeOf(letter, 'insert-id'))), ids)
    })
  }

  it('may hold several events where one was, and they take no other line’s id', async (t) => {
    const { pusher, pubsub, mixpanel } = await startScene(t)
    const glued = `${GOOD}${GOOD}`
    await pusher.push({ ...MESSAGE, data: `${GOOD}\n${GOOD}\n${glued}` })

    const mended = `${GOOD}\n${GOOD}\n${BAD}`
    await pusher.push(replayOf(pubsub.messages()[0], mended))
    await pusher.push(replayOf(pubsub.messages()[1]))

    assert.equal(mixpanel.deduplicated().length, 4)
    assert.deepEqual(
      pubsub.messages().map((one) => [attributeOf(one, 'id'), attributeOf(one, 'replays')]),
      [
        ['77-3', '0'],
        ['77-3-3', '1'],
        ['77-3-3', '2'],
      ],
    )
  })

  it('as a whole, that could not be read, is read again line by line', async (t) => {
    const env = { DECODE_MAX_BYTES: '1024' }
    const { pusher, pubsub } = await startScene(t, { env })
    const data = gzipSync(`${GOOD}\n`.repeat(100))
    await pusher.push({ ...MESSAGE, data })
    const reader = await startScene(t)

    const answer = await reader.pusher.push(replayOf(pubsub.messages()[0]))

    assert.equal(answer.status, 204)
    assert.equal(attributeOf(pubsub.messages()[0], 'line'), '0')
    const ids = reader.mixpanel.rows().map(({ insertId }) => insertId)
    assert.deepEqual(ids.slice(0, 2), ['77-1', '77-2'])
    assert.equal(ids.length, 100)
  })

  it('is settled for itself though another of its message is under way', async (t) => {
    const { pusher, pubsub, mixpanel } = await startScene(t)
    const broken = '{"event":"a"'
    await pusher.push({ ...MESSAGE, data: `${GOOD}\n${broken}\n${broken}` })
    mixpanel.answerAlways({ kind: 'gate' })

    const replays = pubsub.messages().map((letter) => pusher.push(replayOf(letter, GOOD)))
    await mixpanel.waitForRequests(2)
    mixpanel.release()
    await Promise.all(replays)

    assert.deepEqual(
      mixpanel
        .rows()
        .map(({ insertId }) => insertId)
        .sort(),
      ['77-1', '77-2', '77-3'],
    )
  })

  it('is an event like any other when its attributes are forged or garbled', async (t) => {
    const { pusher, mixpanel } = await startScene(t)
    const attributes = {
      'pubsub-mixpanel-id': '1-1',
      'pubsub-mixpanel-message-id': '1',
      'pubsub-mixpanel-line': '__proto__',
      'pubsub-mixpanel-replays': '-1',
      'pubsub-mixpanel-publish-time': '9999-12-31T23:59:59Z',
    }

    const answer = await pusher.push({ ...MESSAGE, data: GOOD, attributes })

    assert.equal(answer.status, 204)
    assert.equal(mixpanel.rows()[0]?.insertId, '77-1')
  })

  it('is pushed by the subscription it comes from, whatever its attributes say', async (t) => {
    const env = { PUSH_SUBSCRIPTIONS: 'projects/p/subscriptions/allowed' }
    const { pusher } = await startScene(t, { env })
    const attributes = {
      'pubsub-mixpanel-id': '1-1',
      'pubsub-mixpanel-message-id': '1',
      'pubsub-mixpanel-line': '1',
      'pubsub-mixpanel-replays': '0',
      'pubsub-mixpanel-subscription': 'projects/p/subscriptions/allowed',
    }

    const answer = await pusher.push({ data: GOOD, attributes })

    assert.equal(answer.status, 403)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SAMPLE_EVENTS } from '../../src/local/sample-events.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { startWorld } from '../helpers/world.ts'

const GOOD = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'
const BAD = '{"event":"signed_up","properties":{"distinct_id":"u-2","time":"yesterday"}}'

describe('the main job', () => {
  it('imports the ten sample events byte for byte, then acks their message', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)

    const answer = await pusher.push({ data: SAMPLE_EVENTS.join('\n') })

    assert.equal(answer.status, 204)
    assert.equal(answer.body, '')
    assert.deepEqual(
      mixpanel.rows().map(({ raw }) => raw),
      SAMPLE_EVENTS,
    )
  })

  it('stores the bad event of a message with its reason, imports the good one, and acks', async (t) => {
    const { pusher, mixpanel, deadLetters } = await startWorld(t)

    const answer = await pusher.push({ data: `${GOOD}\n${BAD}`, messageId: '77' })

    assert.equal(answer.status, 204)
    assert.equal(mixpanel.rows().length, 1)
    assert.partialDeepStrictEqual(await deadLetters(), [
      { id: '77-2', reason: 'invalid_event', field: 'properties.time', event: BAD, line: 2 },
    ])
  })

  it('stores what Mixpanel refuses, in its words, and takes no neighbour along', async (t) => {
    const { pusher, mixpanel, deadLetters } = await startWorld(t)
    const deep = '{"event":"deep","properties":{"a":{"b":{"c":{"d":{"e":1}}}},"distinct_id":"u-3"}}'

    const answers = await Promise.all([
      pusher.push({ data: `${GOOD}\n${deep}` }),
      pusher.push({ data: GOOD }),
    ])

    assert.deepEqual(
      answers.map(({ status }) => status),
      [204, 204],
    )
    assert.equal(mixpanel.rows().length, 2)
    const letters = await deadLetters()
    assert.equal(letters.length, 1)
    assert.equal(letters[0]?.reason, 'refused_by_mixpanel')
    assert.equal(letters[0]?.event, deep)
  })

  it('does not ack before Mixpanel has answered', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)
    mixpanel.answerAlways({ kind: 'gate' })
    let answered = false

    const push = pusher.push({ data: GOOD }).finally(() => {
      answered = true
    })
    await mixpanel.waitForRequests(1)
    assert.equal(answered, false)
    mixpanel.release()

    assert.equal((await push).status, 204)
  })

  it('sends an event that lacks time and insert id with those of its message', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)

    await pusher.push({ data: GOOD, messageId: '99', publishTime: '2026-01-02T03:04:05.678Z' })

    const [row] = mixpanel.rows()
    assert.equal(row?.insertId, '99-1')
    assert.equal(row?.time, Date.UTC(2026, 0, 2, 3, 4, 5, 678))
  })

  it('leaves one event in Mixpanel when a message is pushed twice', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)
    const message = { data: GOOD, messageId: '5', publishTime: '2026-01-01T00:00:00Z' }

    const answers = [await pusher.push(message), await pusher.push(message)]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [204, 204],
    )
    assert.equal(mixpanel.deduplicated().length, 1)
  })

  it('joins a redelivery to the work under way, and acks both with one import', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)
    mixpanel.answerAlways({ kind: 'gate' })
    const message = { data: GOOD, messageId: '5', publishTime: '2026-01-01T00:00:00Z' }

    const first = pusher.push(message)
    await mixpanel.waitForRequests(1)
    const second = pusher.push(message)
    const refused = await pusher.push({}, { rawBody: '[]' })
    assert.equal(refused.status, 400)
    mixpanel.release()

    assert.deepEqual([(await first).status, (await second).status], [204, 204])
    assert.equal(mixpanel.rows().length, 1)
  })

  it('batches the events of concurrent pushes', async (t) => {
    const env = { BATCH_MAX_EVENTS: '50', BATCH_LINGER_MS: '1000' }
    // It stands still: only the fiftieth event ends the wait for company.
    const { pusher, mixpanel } = await startWorld(t, { env, clock: createFakeClock(Date.now()) })
    mixpanel.answerNext(1, { kind: 'gate' })
    const first = pusher.push({ data: GOOD })
    await mixpanel.waitForRequests(1)

    const others = Array.from({ length: 50 }, () => pusher.push({ data: GOOD }))
    await mixpanel.waitForRequests(2)
    mixpanel.release()
    await Promise.all([first, ...others])

    assert.deepEqual(
      mixpanel.requests().map(({ events }) => events),
      [1, 50],
    )
  })

  it('spreads a message of more events than a batch holds over several', async (t) => {
    const { pusher, mixpanel } = await startWorld(t, { env: { BATCH_MAX_EVENTS: '10' } })

    const answer = await pusher.push({ data: Array.from({ length: 25 }, () => GOOD).join('\n') })

    assert.equal(answer.status, 204)
    assert.deepEqual(
      mixpanel
        .requests()
        .map(({ events }) => events)
        .sort((a, b) => a - b),
      [5, 10, 10],
    )
    assert.equal(mixpanel.deduplicated().length, 25)
  })

  it('keeps identity verbs apart, so that no other event pays for them', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)
    const verb = '{"event":"$identify","properties":{"distinct_id":"u-1","$anon_id":"a"}}'
    mixpanel.answerNext(1, { kind: 'gate' })
    const first = pusher.push({ data: GOOD })
    await mixpanel.waitForRequests(1)

    const mixed = pusher.push({ data: `${GOOD}\n${verb}` })
    await mixpanel.waitForRequests(3)
    mixpanel.release()
    await first

    assert.ok(mixpanel.rows().some(({ raw }) => raw.includes('-1"')))
    assert.equal(mixpanel.rows().length, 2)
    mixed.catch(() => {})
  })

  it('takes gzip, and an array, and a pretty-printed object', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)

    const answers = [
      await pusher.push({ data: gzipSync(`${GOOD}\r\n${GOOD}`) }),
      await pusher.push({ data: `[${GOOD}, ${GOOD}]` }),
      await pusher.push({ data: JSON.stringify(JSON.parse(GOOD), null, 2) }),
    ]

    assert.ok(answers.every(({ status }) => status === 204))
    assert.equal(mixpanel.rows().length, 5)
  })

  it('acks a message without events', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)

    const answers = [
      await pusher.push({ attributes: { kind: 'ping' } }),
      await pusher.push({ data: '\n \n' }),
      await pusher.push({ data: '[]' }),
    ]

    assert.ok(answers.every(({ status }) => status === 204))
    assert.equal(mixpanel.requests().length, 0)
  })

  it('takes pushes at the root, and Eventarc’s form of them', async (t) => {
    const { pusher, mixpanel } = await startWorld(t, { path: '/', form: 'eventarc' })

    const answer = await pusher.push({ data: GOOD })

    assert.equal(answer.status, 204)
    assert.equal(mixpanel.rows().length, 1)
  })

  it('shows Mixpanel a service account with its project', async (t) => {
    const { pusher, mixpanel } = await startWorld(t, {
      env: {
        MIXPANEL_PROJECT_TOKEN: '',
        MIXPANEL_SERVICE_ACCOUNT_USERNAME: 'local-service-account',
        MIXPANEL_SERVICE_ACCOUNT_SECRET: 'local-service-secret',
        MIXPANEL_PROJECT_ID: '1234567',
      },
    })

    assert.equal((await pusher.push({ data: GOOD })).status, 204)
    assert.partialDeepStrictEqual(mixpanel.requests()[0]?.query, {
      strict: '1',
      ip: '0',
      project_id: '1234567',
    })
  })
})

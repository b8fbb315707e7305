import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startMixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { createScaledClock } from '../helpers/scaled-clock.ts'
import { settled, until } from '../helpers/until.ts'
import { startWorld } from '../helpers/world.ts'

const MESSAGE = {
  messageId: '5',
  publishTime: '2026-01-01T00:00:00Z',
  data: ['a', 'b', 'c']
    .map((name) => `{"event":"${name}","properties":{"distinct_id":"u"}}`)
    .join('\n'),
}
const REFUSING_ALL = {
  kind: 'status',
  status: 400,
  body: { error: 'something went wrong', status: 0 },
} as const
const COUNTING_NONE = { kind: 'shortfall', imported: 0 } as const
/** A batch waits for no time to pass: a fake clock stands still. */
const AT_ONCE = { BATCH_LINGER_MS: '0' }
/** Ten seconds of ack deadline in half a second. */
const FACTOR = 20

/** Pub/Sub's own, as fast as the clock. */
const backOff = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10_000 / FACTOR))

describe('while Mixpanel is in trouble', () => {
  it('nacks what it could not import, and imports it once when Mixpanel is back', async (t) => {
    const port = await freePorts(1)
    const env = { MIXPANEL_URL: `http://127.0.0.1:${port}` }
    const world = await startWorld(t, { env, clock: createScaledClock(FACTOR) })

    const during = await world.pusher.push(MESSAGE)
    const back = await startMixpanelStandIn({ port })
    t.after(() => back.close())
    const after = await world.pusher.publish(MESSAGE, { attempts: 10, betweenAttempts: backOff })

    assert.equal(during.status, 503)
    assert.equal(during.headers['retry-after'], '10')
    assert.equal(after.at(-1)?.status, 204)
    assert.deepEqual(
      back.deduplicated().map(({ event }) => event),
      ['a', 'b', 'c'],
    )
    assert.deepEqual(await world.deadLetters(), [])
  })

  it('nacks before the ack deadline when Mixpanel never answers', async (t) => {
    const clock = createFakeClock(Date.now())
    const { pusher, mixpanel } = await startWorld(t, { clock })
    mixpanel.answerAlways({ kind: 'hang' })

    const push = pusher.push(MESSAGE)
    await mixpanel.waitForRequests(1)
    await clock.advance(9_999)

    const answer = await settled('the answer', push)
    assert.equal(answer.status, 503)
    assert.equal(JSON.parse(answer.body).code, 'DEADLINE')
  })

  const faults = [
    { name: '429', behaviour: { kind: 'status', status: 429 } },
    { name: '502 with a text', behaviour: { kind: 'status', status: 502, body: 'upstream error' } },
    { name: 'a reset before the import', behaviour: { kind: 'reset_before_import' } },
    { name: 'a reset after the import', behaviour: { kind: 'reset_after_import' } },
    { name: 'an answer cut off', behaviour: { kind: 'cut_off' } },
  ] as const
  for (const { name, behaviour } of faults) {
    it(`tries again after ${name}, and leaves each event once`, async (t) => {
      const world = await startWorld(t, { clock: createScaledClock(FACTOR) })
      world.mixpanel.answerNext(1, behaviour)

      const answers = await world.pusher.publish(MESSAGE, {
        attempts: 10,
        betweenAttempts: backOff,
      })

      assert.equal(answers.at(-1)?.status, 204)
      assert.equal(world.mixpanel.deduplicated().length, 3)
    })
  }

  it('holds pushes on refused credentials, then nacks them and dead-letters nothing', async (t) => {
    const clock = createFakeClock(Date.now())
    const env = { MIXPANEL_PROJECT_TOKEN: 'of-another-project' }
    const world = await startWorld(t, { env, clock })
    const readiness = async () => (await fetch(`${world.url}/health/ready`)).text()
    let answered = 0

    const pushes = ['6', '7', '8'].map((messageId) =>
      world.pusher.push({ ...MESSAGE, messageId }).finally(() => {
        answered += 1
      }),
    )
    await until('all are under way', async () => {
      return /events_pending 9\n/.test(await world.service.metrics.text())
    })
    await until('the credentials are refused', async () => (await readiness()).includes('mis'))
    await clock.advance(7_999)
    await readiness()
    assert.equal(answered, 0)
    await clock.advance(2_000)

    const answers = await settled('the answers', Promise.all(pushes))
    assert.deepEqual(
      answers.map(({ status, body }) => `${status} ${JSON.parse(body).code}`),
      ['503 MISCONFIGURED', '503 MISCONFIGURED', '503 MISCONFIGURED'],
    )
    // Two may set out before the first answer, then one in ten seconds.
    assert.ok(world.mixpanel.requests().length <= 3)
    assert.deepEqual(await world.deadLetters(), [])
    const ready = await fetch(`${world.url}/health/ready`)
    assert.equal(ready.status, 200)
    assert.deepEqual(await ready.json(), { status: 'degraded', reasons: ['misconfigured'] })
    const errors = world.logLines.filter((line) => JSON.parse(line).severity === 'ERROR')
    assert.equal(errors.length, 1)
  })

  it('resumes by itself when the credentials are taken again', async (t) => {
    const world = await startWorld(t, { clock: createScaledClock(FACTOR) })
    const refused = { code: 401, error: 'Invalid credentials', status: 'Unauthorized' }
    world.mixpanel.answerAlways({ kind: 'status', status: 401, body: refused })
    const during = await world.pusher.push(MESSAGE)

    world.mixpanel.answerAlways('normally')
    const after = await world.pusher.publish(MESSAGE, { attempts: 5, betweenAttempts: backOff })

    assert.equal(during.status, 503)
    assert.equal(after.at(-1)?.status, 204)
    assert.equal(world.mixpanel.deduplicated().length, 3)
    const ready = await fetch(`${world.url}/health/ready`)
    assert.deepEqual(await ready.json(), { status: 'ok', reasons: [] })
  })

  it('nacks what it does not understand, and dead-letters nothing', async (t) => {
    const world = await startWorld(t, { clock: createScaledClock(FACTOR) })
    const proxy = { kind: 'status', status: 400, body: '<html>Bad Request</html>' } as const
    world.mixpanel.answerAlways(proxy)

    const answer = await world.pusher.push(MESSAGE)

    assert.equal(answer.status, 503)
    assert.deepEqual(await world.deadLetters(), [])
  })

  it('sends a redelivery’s rest only: events that Mixpanel has settled stay settled', async (t) => {
    const env = { BATCH_MAX_EVENTS: '2', DELIVERY_MAX_CONCURRENCY: '1', ...AT_ONCE }
    const clock = createFakeClock(Date.now())
    const { pusher, mixpanel } = await startWorld(t, { env, clock })
    mixpanel.answerNext(1, { kind: 'delay', ms: 0 })
    mixpanel.answerAlways({ kind: 'status', status: 503, headers: { 'retry-after': '15' } })

    const first = await pusher.push(MESSAGE)
    mixpanel.answerAlways('normally')
    await clock.advance(15_000)
    const second = await pusher.push(MESSAGE)

    assert.deepEqual([first.status, second.status], [503, 204])
    assert.deepEqual(
      mixpanel.requests().map(({ events }) => events),
      [2, 1, 1],
    )
    assert.equal(mixpanel.rows().length, 3)
  })

  it('halves a batch that is too large until the one event at fault stands alone', async (t) => {
    const small = await startMixpanelStandIn({ switches: { maxBodyBytes: 1_000 } })
    t.after(() => small.close())
    const world = await startWorld(t, { env: { MIXPANEL_URL: small.url } })
    const large = `{"event":"large","properties":{"distinct_id":"u","x":"${'x'.repeat(2_000)}"}}`

    const answer = await world.pusher.push({ ...MESSAGE, data: `${MESSAGE.data}\n${large}` })

    assert.equal(answer.status, 204)
    assert.equal(small.deduplicated().length, 3)
    assert.partialDeepStrictEqual(await world.deadLetters(), [{ reason: 'too_large', line: 4 }])
  })

  it('finds the one poison event of a message of 2,000 that Mixpanel refuses without naming it', async (t) => {
    const world = await startWorld(t)
    world.mixpanel.switches.set({ poison: 'poison' })
    const names = Array.from({ length: 2_000 }, (_, at) => (at === 1_234 ? 'poison' : `e${at}`))
    const lines = names.map((name) => `{"event":"${name}","properties":{"distinct_id":"u"}}`)

    const answer = await world.pusher.push({ data: lines.join('\n') })

    assert.equal(answer.status, 204)
    assert.equal(world.mixpanel.rows().length, 1_999)
    assert.partialDeepStrictEqual(await world.deadLetters(), [
      {
        reason: 'refused_by_mixpanel',
        line: 1_235,
        detail: 'an event of this batch cannot be imported',
      },
    ])
    assert.ok(world.mixpanel.requests().length <= 25)
  })

  const everythingRefused = [
    { name: 'refuses everything without naming anything', answer: REFUSING_ALL, imported: 0 },
    { name: 'counts nothing of what it is sent', answer: COUNTING_NONE, imported: 0 },
    { name: 'refuses everything, after an import', answer: REFUSING_ALL, imported: 3 },
    {
      name: 'counts nothing of what it is sent, after an import',
      answer: COUNTING_NONE,
      imported: 3,
    },
  ] as const
  for (const { name, answer, imported } of everythingRefused) {
    it(`dead-letters nothing while Mixpanel ${name}: it holds the push, and nacks it`, async (t) => {
      const clock = createFakeClock(Date.now())
      const world = await startWorld(t, { env: AT_ONCE, clock })
      if (imported > 0) await world.pusher.push({ ...MESSAGE, messageId: '6' })
      world.mixpanel.answerAlways(answer)

      const pushing = world.pusher.push(MESSAGE)
      await until('an ERROR', () =>
        world.logLines.some((line) => JSON.parse(line).severity === 'ERROR'),
      )
      await clock.advance(8_000)
      const { status, body } = await pushing

      assert.equal(`${status} ${JSON.parse(body).code}`, '503 SUSPECT')
      assert.deepEqual(await world.deadLetters(), [])
      assert.equal(world.mixpanel.rows().length, imported)
      const ready = await fetch(`${world.url}/health/ready`)
      assert.deepEqual(await ready.json(), { status: 'degraded', reasons: ['suspect'] })
    })
  }

  it('acks what Mixpanel twice counts some of, and counts the gap', async (t) => {
    const world = await startWorld(t)
    world.mixpanel.answerAlways({ kind: 'shortfall', imported: 2 })

    const answer = await world.pusher.push(MESSAGE)

    assert.equal(answer.status, 204)
    assert.equal(world.mixpanel.requests().length, 2)
    assert.match(await world.service.metrics.text(), /shortfall_events_total 1$/m)
  })

  it('imports once what a client has left behind: the redelivery joins the work', async (t) => {
    const { pusher, mixpanel, service } = await startWorld(t)
    mixpanel.answerAlways({ kind: 'gate' })
    const client = new AbortController()
    const left = assert.rejects(pusher.push(MESSAGE, { signal: client.signal }))
    await mixpanel.waitForRequests(1)

    client.abort()
    await left
    const redelivered = pusher.push(MESSAGE)
    await until('it has joined', async () => {
      return /duplicate_pushes_total 1$/m.test(await service.metrics.text())
    })
    mixpanel.release()

    assert.equal((await redelivered).status, 204)
    assert.equal(mixpanel.requests().length, 1)
    assert.equal(mixpanel.rows().length, 3)
  })
})

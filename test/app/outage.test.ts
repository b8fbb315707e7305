import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import { createScaledClock } from '../helpers/scaled-clock.ts'
import { startWorld } from '../helpers/world.ts'

const MESSAGE = {
  messageId: '5',
  publishTime: '2026-01-01T00:00:00Z',
  data: ['a', 'b', 'c']
    .map((name) => `{"event":"${name}","properties":{"distinct_id":"u"}}`)
    .join('\n'),
}
/** Ten seconds of ack deadline in half a second. */
const FACTOR = 20

describe('while Mixpanel is in trouble', () => {
  it('nacks what it could not import, and imports it once when Mixpanel is back', async (t) => {
    const world = await startWorld(t, { clock: createScaledClock(FACTOR) })
    const { port } = world.mixpanel
    await world.mixpanel.close()

    const during = await world.pusher.push(MESSAGE)
    const back = await startMixpanelStandIn({ port })
    t.after(() => back.close())
    const after = await world.pusher.publish(MESSAGE, { attempts: 10 })

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
    const clock = createScaledClock(FACTOR)
    const { pusher, mixpanel } = await startWorld(t, { clock })
    mixpanel.answerAlways({ kind: 'hang' })
    const startedAt = clock.monotonic()

    const answer = await pusher.push(MESSAGE)

    assert.equal(answer.status, 503)
    assert.equal(JSON.parse(answer.body).code, 'DEADLINE')
    assert.ok(clock.monotonic() - startedAt < 10_000)
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

      const answers = await world.pusher.publish(MESSAGE, { attempts: 10 })

      assert.equal(answers.at(-1)?.status, 204)
      assert.equal(world.mixpanel.deduplicated().length, 3)
    })
  }

  it('nacks on refused credentials, asks once a push, and dead-letters nothing', async (t) => {
    const world = await startWorld(t, { env: { MIXPANEL_PROJECT_TOKEN: 'of-another-project' } })

    const answer = await world.pusher.push(MESSAGE)

    assert.equal(answer.status, 503)
    assert.equal(JSON.parse(answer.body).code, 'MISCONFIGURED')
    assert.equal(world.mixpanel.requests().length, 1)
    assert.deepEqual(await world.deadLetters(), [])
    const ready = await fetch(`${world.url}/health/ready`)
    assert.equal(ready.status, 200)
    assert.deepEqual(await ready.json(), { status: 'degraded', reasons: ['misconfigured'] })
  })

  it('nacks what it does not understand, and dead-letters nothing', async (t) => {
    const world = await startWorld(t, { clock: createScaledClock(FACTOR) })
    const proxy = { kind: 'status', status: 400, body: '<html>Bad Request</html>' } as const
    world.mixpanel.answerAlways(proxy)

    const answer = await world.pusher.push(MESSAGE)

    assert.equal(answer.status, 503)
    assert.deepEqual(await world.deadLetters(), [])
  })

  it('sends a redelivery’s rest only: what Mixpanel has settled stays settled', async (t) => {
    const env = { BATCH_MAX_EVENTS: '2', DELIVERY_MAX_CONCURRENCY: '1' }
    const { pusher, mixpanel } = await startWorld(t, { env, clock: createScaledClock(FACTOR) })
    mixpanel.answerNext(1, { kind: 'delay', ms: 0 })
    mixpanel.answerNext(1, { kind: 'status', status: 401 })

    const first = await pusher.push(MESSAGE)
    const second = await pusher.push(MESSAGE)

    assert.deepEqual([first.status, second.status], [503, 204])
    assert.deepEqual(
      mixpanel.requests().map(({ events }) => events),
      [2, 1, 1],
    )
    assert.equal(mixpanel.rows().length, 3)
  })

  it('halves a batch that is too large until the one event at fault stands alone', async (t) => {
    const world = await startWorld(t, { env: { MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token } })
    await world.mixpanel.close()
    const small = await startMixpanelStandIn({ port: world.mixpanel.port, maxBodyBytes: 1_000 })
    t.after(() => small.close())
    const large = `{"event":"large","properties":{"distinct_id":"u","x":"${'x'.repeat(2_000)}"}}`

    const answer = await world.pusher.push({ ...MESSAGE, data: `${MESSAGE.data}\n${large}` })

    assert.equal(answer.status, 204)
    assert.equal(small.deduplicated().length, 3)
    assert.partialDeepStrictEqual(await world.deadLetters(), [{ reason: 'too_large', line: 4 }])
  })
})

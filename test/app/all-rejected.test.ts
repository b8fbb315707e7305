import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PushAnswer } from '../../src/local/http-post.ts'
import { createTransform } from '../../src/transform/transform.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { settled, until } from '../helpers/until.ts'
import { startWorld, type World } from '../helpers/world.ts'

const DATA = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'
const ALL = 400
/** Fewer pushes at once than connections are taken. */
const ROUNDS = 4
const MOST_LETTERS = 100
const DELIVER_MS = 8_000

async function startBroken(t: Parameters<typeof startWorld>[0], env: Record<string, string> = {}) {
  const clock = createFakeClock(Date.now())
  const transform = createTransform((input, { attributes }) => {
    if (attributes.mended === undefined) throw new TypeError('cannot read of undefined')
    return attributes.mended === 'dropped' ? null : input
  })
  const world = await startWorld(t, { clock, env, transform })
  return { ...world, clock, pushFresh }

  function pushFresh(attributes: Record<string, string> = {}) {
    return world.pusher.push({
      data: DATA,
      attributes,
      publishTime: new Date(clock.now()).toISOString(),
    })
  }
}

async function readinessOf({ url }: World): Promise<string> {
  return (await fetch(`${url}/health/ready`)).text()
}

async function receivedBy({ service }: World): Promise<number> {
  return Number(/events_received_total (\d+)/.exec(await service.metrics.text())?.[1])
}

function codesOf(answers: readonly { status: number; body: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const code = body === '' ? `${status}` : `${status} ${JSON.parse(body).code}`
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}

describe('a transform that throws on everything', () => {
  it('costs a hundred letters of four hundred messages, until an event passes', async (t) => {
    const world = await startBroken(t)
    const { clock, pushFresh, logLines } = world
    const answers: PushAnswer[] = []

    for (let round = 1; round <= ROUNDS; round += 1) {
      const pushes = Array.from({ length: ALL / ROUNDS }, () => pushFresh())
      await until('all have come', async () => (await receivedBy(world)) === (ALL / ROUNDS) * round)
      await clock.advance(DELIVER_MS)
      answers.push(...(await settled('the answers', Promise.all(pushes))))
      assert.equal(await readinessOf(world), '{"status":"degraded","reasons":["all_rejected"]}')
    }

    assert.deepEqual(codesOf(answers), {
      204: MOST_LETTERS,
      '503 ALL_REJECTED': ALL - MOST_LETTERS,
    })
    assert.equal((await world.deadLetters()).length, MOST_LETTERS)
    const errors = logLines
      .map((line) => JSON.parse(line))
      .filter(({ severity, reasons }) => severity === 'ERROR' && reasons)
    assert.equal(errors.length, 1)
    assert.deepEqual(errors[0].reasons, { transform_failed: MOST_LETTERS })
    assert.ok(!logLines.join().includes('cannot read'))
    const metrics = await world.service.metrics.text()
    assert.match(metrics, /messages_settled_total\{settlement="nack",reason="all_rejected"\} 300/)
    assert.match(metrics, /events_settled_total\{outcome="returned",reason="all_rejected"\} 300/)
    assert.match(metrics, /events_pending 0/)

    assert.equal((await pushFresh({ mended: 'yes' })).status, 204)

    assert.equal(await readinessOf(world), '{"status":"ok","reasons":[]}')
    assert.equal((await pushFresh()).status, 204)
  })

  it('lets what waits go as soon as an event is dropped', async (t) => {
    const world = await startBroken(t)
    const first = await Promise.all(Array.from({ length: MOST_LETTERS }, () => world.pushFresh()))
    assert.deepEqual(codesOf(first), { 204: MOST_LETTERS })
    const waiting = world.pushFresh()
    await until('it waits', async () =>
      (await world.service.metrics.text()).includes('events_pending 1'),
    )

    assert.equal((await world.pushFresh({ mended: 'dropped' })).status, 204)

    assert.equal((await settled('the answer', waiting)).status, 204)
    assert.equal((await world.deadLetters()).length, MOST_LETTERS + 1)
  })

  it('is only told of with DEAD_LETTER=subscription', async (t) => {
    const world = await startBroken(t, { DEAD_LETTER: 'subscription' })

    const answers = await Promise.all(Array.from({ length: 150 }, () => world.pushFresh()))

    assert.deepEqual(codesOf(answers), { '422 TRANSFORM_FAILED': 150 })
    assert.equal(await readinessOf(world), '{"status":"degraded","reasons":["all_rejected"]}')
  })

  it('is no such state while Mixpanel refuses events that have passed', async (t) => {
    const { pusher, mixpanel, url } = await startWorld(t)
    const deep = '{"event":"deep","properties":{"a":{"b":{"c":{"d":{"e":1}}}},"distinct_id":"u-3"}}'
    const publishTime = new Date().toISOString()

    const answers = await Promise.all(
      Array.from({ length: 150 }, () => pusher.push({ data: deep, publishTime })),
    )

    assert.deepEqual(codesOf(answers), { 204: 150 })
    assert.equal(mixpanel.rows().length, 0)
    assert.equal(await (await fetch(`${url}/health/ready`)).text(), '{"status":"ok","reasons":[]}')
  })
})

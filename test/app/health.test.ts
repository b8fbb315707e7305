import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startMetricsServer } from '../../src/http/metrics-server.ts'
import type { Service } from '../../src/parts.ts'
import { startWorld } from '../helpers/world.ts'

const DATA = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'

async function readiness(url: string): Promise<string> {
  return (await fetch(`${url}/health/ready`)).text()
}

async function bufferedBytes(service: Service): Promise<number> {
  const text = await service.metrics.text()
  return Number(/buffered_bytes (\d+)/.exec(text)?.[1])
}

describe('health', () => {
  it('is live and ready while pushes are taken', async (t) => {
    const { url } = await startWorld(t)

    const live = await fetch(`${url}/health/live`)
    const ready = await fetch(`${url}/health/ready`)

    assert.equal(live.status, 200)
    assert.deepEqual(await ready.json(), { status: 'ok', reasons: [] })
  })

  it('stays ready, degraded, while Mixpanel asks to slow down', async (t) => {
    const { url, mixpanel, pusher } = await startWorld(t)
    mixpanel.answerNext(1, { kind: 'status', status: 429, headers: { 'retry-after': '1' } })

    const push = pusher.push({ data: DATA })
    await mixpanel.waitForRequests(1)
    let ready = await readiness(url)
    while (ready === '{"status":"ok","reasons":[]}') ready = await readiness(url)

    assert.equal(ready, '{"status":"degraded","reasons":["throttled"]}')
    assert.equal((await push).status, 204)
  })
})

describe('a full service', () => {
  it('refuses a push before its body is read, and stays ready', async (t) => {
    const { url, mixpanel, pusher, service } = await startWorld(t, {
      env: { PUSH_MAX_BUFFERED_BYTES: String(64 * 1024 * 1024) },
    })
    mixpanel.answerAlways({ kind: 'gate' })
    const large = `{"event":"large","properties":{"x":"${'x'.repeat(900_000)}","distinct_id":"u"}}`
    const lines = Array.from({ length: 9 }, () => large).join('\n')
    const waiting = [1, 2, 3].map(() => pusher.push({ data: lines }))
    // The data of three fills the half of the budget that is not for decoded events.
    const three = 3 * lines.length * (4 / 3)
    while ((await bufferedBytes(service)) < three) await mixpanel.waitForRequests(1)

    const answer = await pusher.push({ data: lines })

    assert.equal(answer.status, 503)
    assert.equal(JSON.parse(answer.body).code, 'OVERLOADED')
    assert.equal((await fetch(`${url}/health/ready`)).status, 200)
    mixpanel.answerAlways('normally')
    mixpanel.release()
    await Promise.all(waiting)
  })
})

describe('metrics', () => {
  it('balance the books and stand on a port of their own', async (t) => {
    const { url, pusher, service } = await startWorld(t)
    const server = await startMetricsServer({ host: '127.0.0.1', port: 0 }, service.metrics)
    t.after(() => server.close())

    await pusher.push({ data: `${DATA}\n${DATA}\n{"event":` })
    const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()

    assert.match(text, /^pubsub_mixpanel_events_received_total 3$/m)
    assert.match(text, /events_settled_total\{outcome="imported",reason=""\} 2/)
    assert.match(text, /events_settled_total\{outcome="dead_lettered",reason="invalid_json"\} 1/)
    assert.match(text, /^pubsub_mixpanel_events_pending 0$/m)
    assert.match(text, /messages_settled_total\{settlement="ack",reason="dead_lettered"\} 1/)
    assert.equal((await fetch(`${url}/metrics`)).status, 404)
  })
})

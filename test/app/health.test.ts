import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { startMetricsServer } from '../../src/http/metrics-server.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Service } from '../../src/service/create-service.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { connectRaw } from '../helpers/raw-client.ts'
import { settled, until } from '../helpers/until.ts'
import { startWorld } from '../helpers/world.ts'

const MIB = 1024 * 1024
const DATA = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'

async function readiness(url: string): Promise<string> {
  return (await fetch(`${url}/health/ready`)).text()
}

async function bufferedBytes(service: Service): Promise<number> {
  const metrics = await service.metrics.text()
  return Number(/buffered_bytes (\d+)/.exec(metrics)?.[1])
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
    const clock = createFakeClock(Date.now())
    const { url, mixpanel, pusher } = await startWorld(t, { clock })
    mixpanel.answerNext(1, { kind: 'status', status: 429, headers: { 'retry-after': '1' } })

    const push = pusher.push({ data: DATA })
    await mixpanel.waitForRequests(1)
    await until('it is degraded', async () => !(await readiness(url)).includes('"ok"'))

    assert.equal(await readiness(url), '{"status":"degraded","reasons":["throttled"]}')
    await clock.advance(1_000)
    assert.equal((await settled('the answer', push)).status, 204)
    assert.equal(await readiness(url), '{"status":"ok","reasons":[]}')
  })
})

describe('a full service', () => {
  it('refuses a push before its body is read, and stays ready', async (t) => {
    const { url, issuer, service } = await startWorld(t, {
      env: { PUSH_MAX_BUFFERED_BYTES: String(64 * MIB) },
    })
    const headers = { authorization: `Bearer ${issuer.token()}`, 'content-length': 12 * MIB }
    const [first, second] = [1, 2].map(() => {
      const push = request(`${url}/push`, { method: 'POST', headers, agent: false })
      t.after(() => push.on('error', () => {}).destroy())
      return push
    })
    assert.ok(first && second)

    // Half of the budget is for bodies, and each counts twice: one of these fits.
    first.flushHeaders()
    await until('the first has its room', async () => (await bufferedBytes(service)) >= 24 * MIB)
    second.flushHeaders()
    const [answer] = await settled('an answer', once(second, 'response'))

    assert.equal(answer.statusCode, 503)
    assert.equal(JSON.parse(await text(answer)).code, 'OVERLOADED')
    assert.equal((await fetch(`${url}/health/ready`)).status, 200)
  })
})

describe('a service that may open few files', () => {
  it('answers pushes and probes though more connections than files are silent', async (t) => {
    const { url, pusher } = await startWorld(t, { deps: { maxOpenFiles: 64 } })
    for (let n = 0; n < 80; n++) await connectRaw(t, url)

    const answer = await pusher.push({ data: DATA })

    assert.equal(answer.status, 204)
    assert.equal((await fetch(`${url}/health/ready`)).status, 200)
  })
})

describe('a body that does not say how long it is', () => {
  it('is taken', async (t) => {
    const { pusher, mixpanel } = await startWorld(t)

    const answer = await pusher.push(
      { data: DATA },
      { headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' } },
    )

    assert.equal(answer.status, 204)
    assert.equal(mixpanel.rows().length, 1)
  })

  it('is refused as soon as it does not fit, and its room given back', async (t) => {
    const { url, issuer, pusher, service } = await startWorld(t, {
      env: { PUSH_MAX_BUFFERED_BYTES: String(64 * 1024 * 1024) },
    })
    const headers = { authorization: `Bearer ${issuer.token()}` }
    const bodies = [1, 2].map(() => request(`${url}/push`, { method: 'POST', headers }))
    const answers = bodies.map((body) => once(body, 'response'))

    // Half of the budget is for bodies, and each counts twice: one of these fits.
    for (const body of bodies) body.write(Buffer.alloc(12 * 1024 * 1024, 0x20))
    const [answer] = await Promise.race(answers)

    assert.equal(answer.statusCode, 503)
    assert.equal(JSON.parse(await text(answer)).code, 'OVERLOADED')
    for (const body of bodies) body.on('error', () => {}).destroy()
    await Promise.allSettled(answers)
    await until('the room is given back', async () => (await bufferedBytes(service)) === 0)
    assert.equal((await pusher.push({ data: DATA })).status, 204)
  })
})

describe('metrics', () => {
  it('balance the events and stand on a port of their own', async (t) => {
    const { url, pusher, service } = await startWorld(t)
    const server = await startMetricsServer(
      { host: '127.0.0.1', port: 0 },
      { clock: systemClock, metrics: service.metrics },
    )
    t.after(() => server.close())

    await pusher.push({ data: `${DATA}\n${DATA}\n{"event":` })
    const metrics = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()

    assert.match(metrics, /^pubsub_mixpanel_events_received_total 3$/m)
    assert.match(metrics, /events_settled_total\{outcome="imported",reason=""\} 2/)
    assert.match(metrics, /events_settled_total\{outcome="dead_lettered",reason="invalid_json"\} 1/)
    assert.match(metrics, /^pubsub_mixpanel_events_pending 0$/m)
    assert.match(metrics, /messages_settled_total\{settlement="ack",reason="dead_lettered"\} 1/)
    assert.equal((await fetch(`${url}/metrics`)).status, 404)
  })
})

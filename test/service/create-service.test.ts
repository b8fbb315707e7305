import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { PushAnswer } from '../../src/local/http-post.ts'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../src/local/pubsub-stand-in.ts'
import type { Service } from '../../src/service/create-service.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { settled, until } from '../helpers/until.ts'
import { aFolder, createWorld, startWorld } from '../helpers/world.ts'

const DATA = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'
/** So long that only a drain can end a wait. */
const PATIENT = { PUSH_ACK_DEADLINE_SECONDS: '600', MIXPANEL_TIMEOUT_SECONDS: '600' }

/** A clock that stands still at the present, so that tokens are good. */
function aPresentClock() {
  return createFakeClock(Date.now())
}

async function readiness(url: string): Promise<string> {
  const answer = await fetch(`${url}/health/ready`)
  return `${answer.status} ${await answer.text()}`
}

/** Returns the value of a metric that has one sample. */
async function sampleOf({ metrics }: Pick<Service, 'metrics'>, name: string): Promise<number> {
  const sample = new RegExp(`^pubsub_mixpanel_${name} (\\S+)$`, 'm').exec(await metrics.text())
  return Number(sample?.[1])
}

function codeOf({ status, body }: PushAnswer): string {
  return body === '' ? `${status}` : `${status} ${JSON.parse(body).code}`
}

describe('readiness', () => {
  it('comes when the keys have been asked for, and not before', async (t) => {
    let answerKeys: (() => void) | undefined
    const keyServer = createServer((_request, response) => {
      answerKeys = () => response.writeHead(503).end()
    })
    const jwksUrl = await listenTo(t, keyServer)
    const { service } = await createWorld(t, { env: { PUSH_JWKS_URL: jwksUrl } })

    const started = service.start()
    const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
    await until('the keys are asked for', () => answerKeys !== undefined)
    assert.equal(await readiness(url), '503 {"status":"unready","reasons":[]}')
    answerKeys?.()
    await settled('the start', started)

    assert.equal(await readiness(url), '200 {"status":"degraded","reasons":["no_keys"]}')
  })

  it('says so when nine tenths of the byte budget are in use, and no longer', async (t) => {
    const budgetBytes = 64 * 1024 * 1024
    const env = {
      ...PATIENT,
      PUSH_MAX_BUFFERED_BYTES: String(budgetBytes),
      DELIVERY_MAX_EVENTS_PER_SECOND: '1000000',
      DELIVERY_MAX_CONCURRENCY: '100',
    }
    const { url, service, mixpanel, pusher } = await startWorld(t, { env })
    mixpanel.answerAlways({ kind: 'gate' })
    const properties = { distinct_id: 'u', x: 'x'.repeat(100_000) }
    const line = JSON.stringify({ event: 'a', properties })
    const data = gzipSync(Array.from({ length: 6 }, () => line).join('\n'))

    const pushes: Promise<PushAnswer>[] = []
    // A push may hold more for a moment, so what was held a moment ago decides nothing.
    for (let text = ''; text !== '200 {"status":"degraded","reasons":["overloaded"]}'; ) {
      pushes.push(pusher.push({ data }))
      await until('readiness agrees with what is held', async () => {
        if (mixpanel.requests().length < pushes.length) return false
        const held = await sampleOf(service, 'buffered_bytes')
        text = await readiness(url)
        return text.includes('overloaded') === held >= budgetBytes * 0.9
      })
    }

    mixpanel.answerAlways('normally')
    mixpanel.release()
    const answers = await settled('the answers', Promise.all(pushes))
    assert.ok(answers.every(({ status }) => status === 204))
    assert.equal(await readiness(url), '200 {"status":"ok","reasons":[]}')
  })
})

it('gives unattended work up when a push finds no room in the byte budget', async (t) => {
  const clock = aPresentClock()
  const env = {
    PUSH_ACK_DEADLINE_SECONDS: '10',
    PUSH_MAX_BUFFERED_BYTES: String(64 * 1024 * 1024),
    BATCH_MAX_EVENTS: '100',
    DELIVERY_MAX_CONCURRENCY: '4',
    DELIVERY_MAX_EVENTS_PER_SECOND: '1000000',
  }
  const { service, mixpanel, pusher } = await startWorld(t, { clock, env })
  const metric = async (sample: string): Promise<number> => {
    const lines = (await service.metrics.text()).split('\n')
    const found = lines.find((line) => line.startsWith(`pubsub_mixpanel_${sample} `))
    return Number(found?.split(' ').at(-1) ?? 0)
  }
  const returned = () => metric('events_settled_total{outcome="returned",reason="deadline"}')
  mixpanel.answerAlways({ kind: 'gate' })
  const properties = { distinct_id: 'u', x: 'x'.repeat(950) }
  const line = JSON.stringify({ event: 'a', properties })
  const data = Array.from({ length: 2_800 }, () => line).join('\n')
  const push = pusher.push({ data })
  await until('four requests are under way', () => mixpanel.requests().length === 4)
  await until('all events wait', async () => (await metric('events_pending')) === 2_800)
  await clock.advance(9_000)
  assert.equal(codeOf(await settled('an answer', push)), '503 DEADLINE')
  assert.equal(await returned(), 0)

  // The largest body takes half of the budget, so there is room for it in an idle service only.
  const large = pusher.push({ data: '' }, { rawBody: Buffer.alloc(16 * 1024 * 1024, ' ') })
  assert.equal(codeOf(await settled('a refusal', large)), '503 OVERLOADED')
  mixpanel.answerAlways('normally')
  mixpanel.release()

  await until('the work ends', async () => (await metric('events_pending')) === 0)
  assert.ok((await returned()) >= 2_300)
})

it('does not start when dead letters cannot be stored', async (t) => {
  const taken = join(await aFolder(t), 'taken')
  await writeFile(taken, '')
  const { service } = await createWorld(t, { env: { DEAD_LETTER: `file:${taken}/letters` } })

  await assert.rejects(service.start(), /^Error: DEAD_LETTER=file:/)
})

it('shows the rate it has found, from a tenth of the bound on', async (t) => {
  const { service, mixpanel, pusher } = await startWorld(t, {
    clock: aPresentClock(),
    env: { DELIVERY_MAX_EVENTS_PER_SECOND: '5000' },
  })
  const rate = async (): Promise<number> => {
    const metrics = await service.metrics.text()
    return Number(/^\S+rate_limit_events_per_second (\S+)$/m.exec(metrics)?.[1])
  }
  assert.equal(await rate(), 500)
  mixpanel.answerAlways({ kind: 'status', status: 429 })

  const push = pusher.push({ data: DATA })
  await until('the rate falls', async () => (await rate()) < 500)

  assert.equal(await rate(), 350)
  await service.close()
  await push
})

describe('draining', () => {
  it('answers within 7 s whoever waits for a Mixpanel that never answers', async (t) => {
    const clock = aPresentClock()
    const { service, url, mixpanel, pusher } = await startWorld(t, { clock, env: PATIENT })
    mixpanel.answerAlways({ kind: 'hang' })
    const push = pusher.push({ data: DATA })
    await mixpanel.waitForRequests(1)

    const closed = service.close()
    await until('it drains', async () => (await readiness(url)).startsWith('503'))
    await clock.advance(7_000)

    assert.equal(codeOf(await settled('an answer', push)), '503 DEADLINE')
    await settled('the close', closed)
  })

  it('gives back at once what waits for a better moment', async (t) => {
    const clock = aPresentClock()
    const { service, url, mixpanel, pusher } = await startWorld(t, { clock, env: PATIENT })
    mixpanel.answerAlways({ kind: 'status', status: 503, headers: { 'retry-after': '30' } })
    const push = pusher.push({ data: DATA })
    await until('it waits', async () => (await readiness(url)).includes('throttled'))

    const closed = service.close()

    assert.equal((await settled('an answer', push)).status, 503)
    await settled('the close', closed)
    assert.equal(clock.monotonic(), 0)
  })
})

describe('closing', () => {
  it('leaves no connection to Mixpanel', async (t) => {
    const open = new Set<Socket>()
    const mixpanel = createServer((request, response) => {
      const answer = '{"code":200,"num_records_imported":1,"status":"OK"}'
      request.resume().on('end', () => response.end(answer))
    })
    mixpanel.keepAliveTimeout = 0
    mixpanel.on('connection', (socket) => {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
    })
    const { service, pusher } = await startWorld(t, {
      env: { MIXPANEL_URL: await listenTo(t, mixpanel) },
    })
    assert.equal(codeOf(await pusher.push({ data: DATA })), '204')
    assert.equal(open.size, 1)

    await service.close()

    await until('the connection is closed', () => open.size === 0)
  })

  it('leaves no dead-letter file open', { skip: !existsSync('/proc/self/fd') }, async (t) => {
    const folder = await aFolder(t)
    const { service, pusher } = await startWorld(t, { env: { DEAD_LETTER: `file:${folder}` } })
    assert.equal(codeOf(await pusher.push({ data: '{"event":' })), '204')
    assert.equal((await openFilesIn(folder)).length, 1)

    await service.close()

    assert.deepEqual(await openFilesIn(folder), [])
  })

  it('waits for no answer of the letter topic once every push is answered', async (t) => {
    const clock = aPresentClock()
    const pubsub = await startPubsub(t)
    const env = {
      ...PATIENT,
      DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`,
      PUBSUB_EMULATOR_HOST: pubsub.host,
    }
    const { service, url, pusher } = await startWorld(t, { clock, env })
    pubsub.answerAlways({ kind: 'hang' })
    const push = pusher.push({ data: '{"event":' })
    await pubsub.waitForRequests(1)

    const closed = service.close()
    await until('it drains', async () => (await readiness(url)).startsWith('503'))
    await clock.advance(7_000)

    assert.equal((await settled('an answer', push)).status, 503)
    await settled('the close', closed)
  })

  it('leaves no timer: no refresh of keys, no watch for freezes', async (t) => {
    const clock = aPresentClock()
    const { service, pusher } = await startWorld(t, { clock })
    assert.equal(codeOf(await pusher.push({ data: DATA })), '204')
    assert.notEqual(clock.pending(), 0)

    await service.close()

    assert.equal(clock.pending(), 0)
  })
})

it('takes pushes after a freeze, though the event loop was late', async (t) => {
  const clock = aPresentClock()
  let frozenMs = 0
  const { pusher } = await startWorld(t, {
    clock: { ...clock, monotonic: () => clock.monotonic() + frozenMs },
    // The least that there can be: the event loop is always late, from the first sample on.
    deps: { cpuMs: () => 0, maxEventLoopDelayMs: Number.MIN_VALUE },
  })
  const pushCode = async (): Promise<string> => codeOf(await pusher.push({}))
  await until('a push is refused', async () => (await pushCode()) === '503 OVERLOADED')

  frozenMs = 60_000
  await clock.advance(250)
  assert.equal(await pushCode(), '204')
  await clock.advance(3_000)

  await until('a push is refused', async () => (await pushCode()) === '503 OVERLOADED')
})

async function listenTo(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** The files in a folder that this process has open. */
async function openFilesIn(folder: string): Promise<readonly string[]> {
  const descriptors = await readdir('/proc/self/fd')
  const paths = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')),
  )
  return paths.filter((path) => path.startsWith(folder))
}

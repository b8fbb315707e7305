import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:http2'
import { it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../../src/local/pusher.ts'
import { startTokenIssuer } from '../../../src/local/token-issuer.ts'
import { freePorts } from '../../helpers/free-ports.ts'
import { answerOf } from '../../helpers/protocols.ts'
import { spawnChecked } from '../../helpers/spawn-checked.ts'
import { settled, until } from '../../helpers/until.ts'
import { aFolder, environmentOf, startWorld } from '../../helpers/world.ts'
import { begin, textOf } from '../cli/run.ts'

const MESSAGES = Array.from({ length: 30 }, (_, index) => ({
  messageId: String(1_000 + index),
  publishTime: '2026-01-01T00:00:00Z',
  data: `{"event":"e${index}","properties":{"distinct_id":"u"}}`,
}))

/** The service in a process of its own, which signals can reach. */
async function startProcessWorld(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const issuer = await startTokenIssuer()
  t.after(() => issuer.close())
  const all = { ...environmentOf(mixpanel, issuer, await aFolder(t)), ...env }
  return { mixpanel, issuer, env: all, start }

  async function start() {
    const service = await spawnChecked(all)
    t.after(() => service.stop('SIGKILL'))
    const pusher = createPusher({ endpoint: `${service.url}/push`, token: () => issuer.token() })
    t.after(() => pusher.close())
    return { service, pusher }
  }
}

it('settles what waits on SIGTERM, refuses newcomers, loses none, and ends with code 0', async (t) => {
  const { mixpanel, start } = await startProcessWorld(t)
  const { service, pusher } = await start()
  mixpanel.answerAlways({ kind: 'gate' })

  const waiting = MESSAGES.map((message) => pusher.push(message))
  await mixpanel.waitForRequests(1)
  const ended = service.stop('SIGTERM')
  await untilUnready(service.url)
  const newcomer = await pusher.push({ data: '{"event":"late","properties":{}}' })
  mixpanel.answerAlways('normally')
  mixpanel.release()
  const answers = await Promise.all(waiting)

  assert.equal(newcomer.status, 503)
  assert.equal(JSON.parse(newcomer.body).code, 'DRAINING')
  assert.equal(await ended, 0)
  const acked = answers.filter(({ status }) => status === 204).length
  assert.ok(acked > 0)
  const again = await start()
  for (const message of MESSAGES) assert.equal((await again.pusher.push(message)).status, 204)
  assert.equal(mixpanel.deduplicated().length, MESSAGES.length)
})

it('answers the pushes of an HTTP/2 session on SIGTERM, and tells it to open no more', async (t) => {
  const { mixpanel, issuer, start } = await startProcessWorld(t)
  const { service } = await start()
  mixpanel.answerAlways({ kind: 'gate' })
  const session = connect(service.url)
  t.after(() => session.destroy())
  let goaway: number | undefined
  session.on('goaway', (code) => {
    goaway = code
  })
  const waiting = MESSAGES.map((message) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/push',
      authorization: `Bearer ${issuer.token()}`,
    })
    const data = Buffer.from(message.data).toString('base64')
    stream.end(JSON.stringify({ message: { ...message, data } }))
    return answerOf(stream)
  })
  await mixpanel.waitForRequests(1)

  const ended = service.stop('SIGTERM')
  await until('the session is told', () => goaway === 0)
  await untilUnready(service.url)
  mixpanel.answerAlways('normally')
  mixpanel.release()
  const answers = await Promise.all(waiting)

  assert.equal(await ended, 0)
  assert.deepEqual(new Set(answers), new Set(['204']))
  assert.equal(mixpanel.deduplicated().length, MESSAGES.length)
})

for (const signals of [
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGHUP'],
  ['SIGINT', 'SIGINT'],
  ['SIGHUP', 'SIGTERM', 'SIGINT', 'SIGQUIT'],
] as const) {
  it(`answers every push that waits after ${signals.join(', ')}`, async (t) => {
    const { mixpanel, start } = await startProcessWorld(t)
    const { service, pusher } = await start()
    mixpanel.answerAlways({ kind: 'gate' })
    const waiting = MESSAGES.map((message) => pusher.push(message))
    await mixpanel.waitForRequests(1)

    for (const [n, signal] of signals.entries()) {
      process.kill(service.pid, signal)
      await until('the signal is heard', () => heard(service.logLines) > n)
    }
    // By then, every push that was on its way has been read.
    await untilUnready(service.url)
    mixpanel.answerAlways('normally')
    mixpanel.release()
    const answers = await Promise.all(waiting)

    assert.equal(await service.ended, 0)
    assert.equal(answers.length, MESSAGES.length)
    assert.ok(answers.some(({ status }) => status === 204))
  })
}

it('ends with code 0 when `npm start` is told to end, and answers what waits', async (t) => {
  const { mixpanel, issuer, env } = await startProcessWorld(t)
  const port = await freePorts(1)
  const npm = spawn('npm', ['start'], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of their own, so that none of them outlives the test.
    detached: true,
  })
  const group = -(npm.pid ?? 0)
  t.after(() => npm.stdout.readableEnded || process.kill(group, 'SIGKILL'))
  const log = textOf(npm.stdout)
  const url = `http://127.0.0.1:${port}`
  await until('it is ready', () =>
    fetch(`${url}/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  const pusher = createPusher({ endpoint: `${url}/push`, token: () => issuer.token() })
  t.after(() => pusher.close())
  mixpanel.answerAlways({ kind: 'gate' })
  const waiting = pusher.push({ data: '{"event":"a","properties":{"distinct_id":"u"}}' })
  await mixpanel.waitForRequests(1)

  npm.kill('SIGTERM')
  await untilUnready(url)
  mixpanel.release()

  assert.equal((await waiting).status, 204)
  assert.match(await log, /"message":"closed"/)
})

it('loses no event to kill -9: a message without an ack comes again, and each event is there once', async (t) => {
  const { mixpanel, start } = await startProcessWorld(t)
  const { service, pusher } = await start()
  mixpanel.answerAlways({ kind: 'gate' })
  const waiting = Promise.allSettled(MESSAGES.map((message) => pusher.push(message)))
  await mixpanel.waitForRequests(1)

  await service.stop('SIGKILL')
  const outcomes = await waiting
  mixpanel.answerAlways('normally')
  const again = await start()
  for (const message of MESSAGES) assert.equal((await again.pusher.push(message)).status, 204)

  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  assert.equal(mixpanel.deduplicated().length, MESSAGES.length)
})

it('closes though somebody has not finished sending a body that was refused', async (t) => {
  const { service, url } = await startWorld(t)
  const headers = { 'content-length': '10000000' }
  const push = request(`${url}/push`, { method: 'POST', headers }).on('error', () => {})
  push.flushHeaders()
  await once(push, 'response')

  await service.close()
})

it('survives 24 gzip bombs at once, and stores each as too large', async (t) => {
  const { mixpanel, start } = await startProcessWorld(t, {
    PUSH_MAX_BUFFERED_BYTES: String(128 * 1024 * 1024),
    PUSH_ACK_DEADLINE_SECONDS: '600',
  })
  const { service, pusher } = await start()
  const data = gzipSync(Buffer.alloc(65 * 1024 * 1024, 0x20))

  const answers = await Promise.all(Array.from({ length: 24 }, () => pusher.push({ data })))

  assert.ok(answers.every(({ status }) => status === 204))
  assert.equal(mixpanel.requests().length, 0)
  assert.ok((await peakRssBytes(service.pid)) < 512 * 1024 * 1024)
})

it('does not live on as half a service when its metrics port is taken', async (t) => {
  const taken = await startMixpanelStandIn()
  t.after(() => taken.close())
  const { env } = await startProcessWorld(t, { METRICS_PORT: String(taken.port) })
  const service = begin('main', [], env)
  t.after(() => service.kill('SIGKILL'))
  const log = textOf(service.stdout)

  const [code] = await settled('its end', once(service, 'close'))

  assert.equal(code, 1)
  assert.match(
    await log,
    /METRICS_PORT \d+ is taken on 127\.0\.0\.1: .*set METRICS_PORT to another/,
  )
})

it('does not start on an incomplete configuration, and names every problem', async () => {
  const started = spawnChecked({ PUSH_AUTH: 'oidc', MIXPANEL_PROJECT_TOKEN: 's3cr3t' })

  await assert.rejects(started, ({ message }: Error) => {
    for (const name of ['MIXPANEL_REGION', 'PUSH_AUDIENCE', 'PUSH_SERVICE_ACCOUNT']) {
      assert.match(message, new RegExp(name))
    }
    return !message.includes('s3cr3t')
  })
})

/** Asks until the service says it takes no more pushes. */
async function untilUnready(url: string): Promise<void> {
  await until('it is unready', async () => (await fetch(`${url}/health/ready`)).status === 503)
}

/** How many signals the service has told of. */
function heard(logLines: readonly string[]): number {
  return logLines.filter((line) => line.includes('"signal":')).length
}

/** The most memory that the process has used. */
async function peakRssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024
}

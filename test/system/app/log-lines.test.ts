import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { sendAnswer } from '../../../src/local/answer.ts'
import { startLoopbackServer } from '../../../src/local/loopback-server.ts'
import { startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../../src/local/pusher.ts'
import { startTokenIssuer } from '../../../src/local/token-issuer.ts'
import { VERSION } from '../../../src/version.ts'
import { spawnChecked } from '../../helpers/spawn-checked.ts'
import { until } from '../../helpers/until.ts'
import { aFolder, environmentOf, startWorld } from '../../helpers/world.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const MESSAGE = {
  messageId: '7',
  publishTime: '2026-01-01T00:00:00Z',
  data: '{"event":"signed_up","properties":{"distinct_id":"u"}}\n{"event":',
}

it('writes the event totals at shutdown, although the service lived less than a minute', async (t) => {
  const { pusher, service, logLines } = await startWorld(t)
  await pusher.push(MESSAGE)

  await service.close()

  const minutes = logLines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'minute')
  const totals = { received: 2, imported: 1, dead_lettered: 1, dropped: 0, returned: 0, pending: 0 }
  assert.equal(minutes.length, 1)
  assert.partialDeepStrictEqual(minutes[0], { delta: totals, ...totals })
})

it('says at the start what is in force, and no secret', async (t) => {
  const folder = await aFolder(t)
  const service = await spawnChecked({
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    MIXPANEL_URL: 'http://127.0.0.1:9/base',
    MIXPANEL_PROJECT_TOKEN: '0123456789abcdef0123456789abcdef',
    PUSH_AUTH: 'none',
    PUSH_ACK_DEADLINE_SECONDS: '60',
    DEAD_LETTER: `file:${folder}`,
  })
  await service.stop('SIGTERM')

  const started = service.logLines.find((line) => line.includes('"event":"started"')) ?? '{}'
  assert.partialDeepStrictEqual(JSON.parse(started), {
    version: VERSION,
    mixpanelHost: '127.0.0.1:9',
    project: '…cdef',
    auth: 'none',
    audiences: 'any',
    ackDeadlineSeconds: 60,
    deadLetter: `file:${folder}`,
    transform: 'none',
  })
  assert.doesNotMatch(service.logLines.join(), /0123456789/)
  assert.deepEqual(
    service.logLines.map((line) => JSON.parse(line)).map(({ event }) => event),
    ['configuration', 'http', 'started', 'stopping', 'minute', 'stopped'],
  )
})

describe('a service on Cloud Run', () => {
  it('takes pushes while the metadata server is silent, and names its project afterwards', async (t) => {
    const answer = Promise.withResolvers<void>()
    const metadata = await startLoopbackServer(
      { name: 'metadata', port: 0 },
      async (_, response) => {
        await answer.promise
        const headers = { 'metadata-flavor': 'Google' }
        sendAnswer(response, { status: 200, headers, body: 'my-project' })
      },
    )
    t.after(() => metadata.close())
    const { push, service } = await startOnCloudRun(t, {
      GCE_METADATA_HOST: new URL(metadata.url).host,
    })

    await push()
    answer.resolve()
    await until('a line names the project', async () => {
      await push()
      return tracesIn(service.logLines).includes(`projects/my-project/traces/${TRACE}`)
    })

    assert.equal(tracesIn(service.logLines)[0], TRACE)
  })

  it('names the project that the owner gave, and in an ERROR line its service and revision', async (t) => {
    const { push, service, mixpanel } = await startOnCloudRun(t, { GOOGLE_CLOUD_PROJECT: 'given' })
    mixpanel.answerNext(10, { kind: 'status', status: 401, body: 'no' })

    await push()
    const errors = service.logLines
      .map((line) => JSON.parse(line))
      .filter(({ severity }) => severity === 'ERROR')

    assert.equal(tracesIn(service.logLines)[0], `projects/given/traces/${TRACE}`)
    assert.partialDeepStrictEqual(errors, [
      {
        event: 'state',
        state: 'misconfigured',
        change: 'entered',
        serviceContext: { service: 'events', version: 'events-00017' },
      },
    ])
    assert.ok(!('@type' in (errors[0] ?? {})), 'a fault of Mixpanel is no bug')
  })
})

/** The service as on Cloud Run, and pushes in one trace. */
async function startOnCloudRun(t: TestContext, env: Record<string, string>) {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const issuer = await startTokenIssuer()
  t.after(() => issuer.close())
  const service = await spawnChecked({
    ...environmentOf(mixpanel, issuer, '/none'),
    LOG_LEVEL: 'debug',
    K_SERVICE: 'events',
    K_REVISION: 'events-00017',
    DEAD_LETTER: 'subscription',
    ...env,
  })
  t.after(() => service.stop('SIGKILL'))
  const pusher = createPusher({ endpoint: `${service.url}/push`, token: () => issuer.token() })
  t.after(() => pusher.close())
  const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` }
  return { mixpanel, service, push: () => pusher.push(MESSAGE, { headers }) }
}

function tracesIn(logLines: readonly string[]): readonly string[] {
  const lines = logLines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'push')
  return lines.map((line) => line['logging.googleapis.com/trace'])
}

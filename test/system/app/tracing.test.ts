import assert from 'node:assert/strict'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { sendAnswer } from '../../../src/local/answer.ts'
import { startLoopbackServer } from '../../../src/local/loopback-server.ts'
import { startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../../src/local/pusher.ts'
import { startTokenIssuer } from '../../../src/local/token-issuer.ts'
import { bundle } from '../../../tools/bundle.ts'
import { freePorts } from '../../helpers/free-ports.ts'
import { notePrivate, noteWritten } from '../../helpers/log-lines.ts'
import { spawnChecked } from '../../helpers/spawn-checked.ts'
import { aFolder, environmentOf } from '../../helpers/world.ts'

const EXAMPLE = new URL('../../../examples/tracing.mjs', import.meta.url)
const DATA =
  '{"event":"s3cret-name","properties":{"distinct_id":"p3rson-id"}}\n{"event":"s3cret-name"'

interface Exported {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links?: readonly { readonly spanId: string }[]
}

describe('the bundle with examples/tracing.mjs', () => {
  it('exports the spans of a push to a collector, at the latest at its end', async (t) => {
    const collector = await startCollector(t)
    const { service, push } = await start(t, collector.url)

    assert.equal(await push(), 204)
    assert.equal(await service.stop('SIGTERM'), 0)

    const spans = collector.spans()
    const names = spans.map(({ name }) => name).sort()
    assert.deepEqual(names, ['batch', 'dead letters', 'mixpanel import', 'push'])
    const idOf = (name: string) => spans.find((span) => span.name === name)?.spanId
    const parentOf = (name: string) => spans.find((span) => span.name === name)?.parentSpanId
    assert.equal(parentOf('mixpanel import'), idOf('batch'))
    assert.equal(parentOf('dead letters'), idOf('push'))
    assert.deepEqual(
      spans.find(({ name }) => name === 'batch')?.links?.map(({ spanId }) => spanId),
      [idOf('push')],
    )
    assert.match(collector.text(), /"service.name","value":\{"stringValue":"traced"\}/)
    noteWritten(collector.text())
  })

  it('answers pushes and ends with code 0 while no collector listens', async (t) => {
    const { service, push } = await start(t, `http://127.0.0.1:${await freePorts(1)}`)

    assert.equal(await push(), 204)
    assert.equal(await service.stop('SIGTERM'), 0)
  })
})

/** A collector that takes OTLP over HTTP. */
async function startCollector(t: TestContext) {
  const bodies: string[] = []
  const server = await startLoopbackServer(
    { name: 'a collector', port: 0 },
    async (request, response) => {
      bodies.push(await text(request))
      sendAnswer(response, { status: request.url === '/v1/traces' ? 200 : 404, body: {} })
    },
  )
  t.after(() => server.close())
  return { url: server.url, text: () => bodies.join('\n'), spans }

  function spans(): readonly Exported[] {
    return bodies
      .flatMap((body) => JSON.parse(body).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans)
  }
}

async function start(t: TestContext, collector: string) {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const issuer = await startTokenIssuer()
  t.after(() => issuer.close())
  const folder = await aFolder(t)
  await bundle(folder)
  const env = {
    ...environmentOf(mixpanel, issuer, join(folder, 'letters')),
    NODE_OPTIONS: `--import=${EXAMPLE.href}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    OTEL_SERVICE_NAME: 'traced',
  }
  const service = await spawnChecked(env, { main: join(folder, 'main.js') })
  t.after(() => service.stop('SIGKILL'))
  const pusher = createPusher({ endpoint: `${service.url}/push`, token: () => issuer.token() })
  t.after(() => pusher.close())
  notePrivate(DATA)
  return { service, push: async () => (await pusher.push({ data: DATA })).status }
}

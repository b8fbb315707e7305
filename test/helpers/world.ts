import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { loadConfig } from '../../src/config/load-config.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { createKeyRing } from '../../src/local/issuer/key-ring.ts'
import {
  LOCAL_CREDENTIALS,
  type MixpanelStandIn,
  startMixpanelStandIn,
} from '../../src/local/mixpanel-stand-in.ts'
import type { PublishedMessage } from '../../src/local/push-request.ts'
import { createPusher, type Pusher } from '../../src/local/pusher.ts'
import {
  LOCAL_AUDIENCE,
  LOCAL_SERVICE_ACCOUNT,
  startTokenIssuer,
  type TokenIssuer,
} from '../../src/local/token-issuer.ts'
import type { DeadLetter } from '../../src/model/dead-letter.ts'
import { createService, type Service, type ServiceDeps } from '../../src/service/create-service.ts'
import type { Transform } from '../../src/transform/transform.ts'
import { createTestLogger, notePrivate } from './log-lines.ts'

/** The whole service over real HTTP, with a Pub/Sub and a Mixpanel on loopback. */
export interface World extends WorldBefore {
  /** Base URL of the service, without a slash at the end. */
  readonly url: string
  readonly pusher: Pusher
}

/** The same before the service is started. */
export interface WorldBefore {
  readonly mixpanel: MixpanelStandIn
  readonly issuer: TokenIssuer
  readonly service: Service
  /** Every log line so far. */
  readonly logLines: readonly string[]
  deadLetters(): Promise<readonly DeadLetter[]>
}

export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly transform?: Transform
  readonly path?: string
  readonly form?: 'wrapped' | 'eventarc'
  readonly deps?: Partial<ServiceDeps>
}

const MOST_NOTED = 64 * 1024
/** Making a key takes longer than a test. */
const KEYS = createKeyRing()

/** The environment of a service between these two, complete and valid. */
export function environmentOf(
  mixpanel: Pick<MixpanelStandIn, 'url'>,
  issuer: Pick<TokenIssuer, 'issuer' | 'jwksUrl'>,
  folder: string,
): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    LOG_LEVEL: 'trace',
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    PUSH_AUDIENCE: LOCAL_AUDIENCE,
    PUSH_SERVICE_ACCOUNT: LOCAL_SERVICE_ACCOUNT,
    PUSH_ISSUER: issuer.issuer,
    PUSH_JWKS_URL: issuer.jwksUrl,
    DEAD_LETTER: `file:${folder}`,
  }
}

/** Starts a world of its own for one test; it ends with the test. */
export async function startWorld(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(t, options)
  const { service, issuer } = world
  await service.start()
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const pusher = createPusher({
    endpoint: `${url}${options.path ?? '/push'}`,
    token: () => issuer.token(),
    ...(options.form && { form: options.form }),
  })
  t.after(() => pusher.close())
  return { ...world, url, pusher: notingPrivate(pusher) }
}

/** A pusher whose payloads no log line may hold. */
function notingPrivate(pusher: Pusher): Pusher {
  return {
    ...pusher,
    push: (message, overrides) => {
      note(message)
      if (overrides?.rawBody !== undefined) notePrivate(textOf(overrides.rawBody))
      return pusher.push(message, overrides)
    },
    publish: (message, options) => {
      note(message)
      return pusher.publish(message, options)
    },
  }

  function note({ data = '', attributes = {}, orderingKey = '' }: PublishedMessage): void {
    notePrivate([textOf(data), ...Object.values(attributes), orderingKey].join('\n'))
  }
}

/** The start of a text or of bytes; large payloads repeat their words. */
function textOf(data: string | Uint8Array): string {
  return Buffer.from(data.slice(0, MOST_NOTED)).toString('latin1')
}

/** A world of its own for one test, whose service is put together and does nothing yet. */
export async function createWorld(t: TestContext, options: WorldOptions): Promise<WorldBefore> {
  const folder = await aFolder(t)
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const issuer = await startTokenIssuer({ keys: KEYS })
  t.after(() => issuer.close())
  const logLines: string[] = []
  const env = { ...environmentOf(mixpanel, issuer, folder), ...options.env }
  notePrivate([env.MIXPANEL_PROJECT_TOKEN, env.MIXPANEL_SERVICE_ACCOUNT_SECRET].join(' '))
  const config = loadConfig(env, {
    memoryLimitBytes: 2 ** 30,
    heapLimitBytes: 2 ** 30,
    volumeOf: () => undefined,
  })
  const service = createService(config, {
    clock: options.clock ?? systemClock,
    log: createTestLogger(config.server.logLevel, (line) => logLines.push(line)),
    random: Math.random,
    maxOpenFiles: 1_024,
    logLinesDropped: () => 0,
    projectId: () => undefined,
    // A busy machine delays the event loop; no push may be refused for that. Under-pressure counts a
    // second without a sample as an infinite delay.
    maxEventLoopDelayMs: Number.POSITIVE_INFINITY,
    cpuMs: () => process.cpuUsage().user / 1_000,
    transform: options.transform,
    // The disk does not run faster because the clock does.
    maxProbeMs: 3_600_000,
    ...options.deps,
  })
  t.after(() => service.close())
  return { mixpanel, issuer, service, logLines, deadLetters: () => lettersIn(folder) }
}

/** A folder that ends with the test. */
export async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The dead letters in a folder, in the order they were written. */
export async function lettersIn(folder: string): Promise<readonly DeadLetter[]> {
  const names = (await readdir(folder)).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  )
}

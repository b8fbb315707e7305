import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { finished } from 'node:stream/promises'
import { startLoopbackServer } from '../local/loopback-server.ts'
import type { StandInSettings } from '../local/mixpanel/control-route.ts'
import { type MixpanelStandIn, startMixpanelStandIn } from '../local/mixpanel-stand-in.ts'
import type { PushSubscription, SubscriptionObserver } from '../local/pubsub/push-subscription.ts'
import type { PublishObserver } from '../local/pubsub/topics.ts'
import { type PubsubStandIn, startPubsubStandIn } from '../local/pubsub-stand-in.ts'
import { LOCAL_SUBSCRIPTION, LOCAL_TOPIC } from '../local/push-request.ts'
import {
  LOCAL_AUDIENCE,
  LOCAL_SERVICE_ACCOUNT,
  startTokenIssuer,
  type TokenIssuer,
} from '../local/token-issuer.ts'
import type { Ports } from './ports.ts'
import { type Surroundings, surroundingVariables } from './service-environment.ts'
import { spawnService } from './spawn-service.ts'
import { startWorldService, type WorldService } from './world-service.ts'

/** The real service between a Pub/Sub and a Mixpanel that run on this machine. */
export interface LocalWorld {
  /** A Pub/Sub with the topic `LOCAL_TOPIC` and one subscription to it, whose pushes are signed. */
  readonly pubsub: PubsubStandIn
  readonly mixpanel: MixpanelStandIn
  readonly issuer: TokenIssuer
  readonly service: WorldService
  readonly subscription: PushSubscription
  /** The address of the service's metrics. */
  readonly metricsUrl: string
  /** The environment of the service. */
  readonly variables: Readonly<Record<string, string>>
  /** `undefined` when dead letters do not go to files. */
  readonly deadLetterFolder: string | undefined
  /** The service's log, a line an entry; removed when the world is closed. */
  readonly logFile: string
  /** The end of that log. */
  lastLogLines(): readonly string[]
  /**
   * Ends the service and starts it again, while no push is sent. Rejects, with its output, when it
   * does not start.
   */
  restartService(): Promise<void>
  /** Ends all parts, after the service has settled what it can. */
  close(): Promise<void>
}

export interface LocalWorldOptions {
  readonly ports: Ports
  /** The file that starts the service. */
  readonly entryFile: string
  /** Variables of the service. `DEAD_LETTER` may name a place that outlives the world. */
  readonly variables?: Readonly<Record<string, string>>
  /** The share of acked messages that are pushed again, from 0 to 1; none when absent. */
  readonly duplicates?: number
  /** Callbacks for what happens in the world. */
  readonly watch?: WorldWatch
}

export interface WorldWatch {
  readonly published?: PublishObserver
  readonly deliveries?: SubscriptionObserver
  readonly controlled?: (settings: StandInSettings) => void
  /** Called with each line of the service's log. It is at level debug then, unless a variable says else. */
  readonly logged?: (line: string) => void
}

const DEFAULT_ACK_DEADLINE_SECONDS = '10'
/** The requests that Mixpanel's stand-in keeps, with a limit because a world may run for days. */
const KEPT_REQUESTS = 1_000
const LAST_LOG_LINES = 10

/**
 * Starts all parts on loopback, with the service in a process of its own and `oidc` on. When one
 * cannot start, ends the others; the error names a port that is taken.
 */
export async function startLocalWorld(options: LocalWorldOptions): Promise<LocalWorld> {
  const { ports, variables = {}, watch = {} } = options
  await using starting = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-local-'))
  starting.defer(() => rm(folder, { recursive: true, force: true }))
  const issuer = await startTokenIssuer({ port: ports.issuer })
  starting.defer(issuer.close)
  const { controlled } = watch
  const mixpanel = await startMixpanelStandIn({
    port: ports.mixpanel,
    keptRequests: KEPT_REQUESTS,
    ...(controlled && { controlled }),
  })
  starting.defer(mixpanel.close)
  const pubsub = await startPubsubStandIn({
    port: ports.pubsub,
    pushToken: ({ audience, email }) => issuer.token({ aud: audience, email }),
    ...(watch.published && { published: watch.published }),
  })
  starting.defer(pubsub.close)

  const env = {
    PATH: process.env.PATH ?? '',
    PUSH_ACK_DEADLINE_SECONDS: DEFAULT_ACK_DEADLINE_SECONDS,
    DEAD_LETTER: `file:${join(folder, 'dead-letters')}`,
    ...(watch.logged && { LOG_LEVEL: 'debug' }),
    ...variables,
    ...surroundingVariables({ ports, issuer, mixpanel, pubsub }),
  }
  const logFile = join(folder, 'service.log')
  const { entryFile } = options
  const { service, lastLogLines } = await startService(
    { env, logFile, ports, entryFile, watch },
    starting,
  )
  pubsub.createTopic(LOCAL_TOPIC)
  const subscription = pubsub.createSubscription(
    LOCAL_SUBSCRIPTION,
    {
      topic: LOCAL_TOPIC,
      pushConfig: {
        pushEndpoint: `${service.url()}/push`,
        oidcToken: { serviceAccountEmail: LOCAL_SERVICE_ACCOUNT, audience: LOCAL_AUDIENCE },
      },
      ackDeadlineSeconds: Number(env.PUSH_ACK_DEADLINE_SECONDS),
      local: { duplicates: { rate: options.duplicates ?? 0 } },
    },
    watch.deliveries,
  )
  // The service still answers the pushes under way while it ends, and no push is sent after that.
  starting.defer(async () => subscription.pause())
  const started = starting.move()

  return {
    pubsub,
    mixpanel,
    issuer,
    service,
    subscription,
    metricsUrl: `http://127.0.0.1:${ports.metrics}/metrics`,
    variables: env,
    deadLetterFolder: parseFolder(env.DEAD_LETTER),
    logFile,
    lastLogLines,
    restartService,
    close: () => started.disposeAsync(),
  }

  async function restartService(): Promise<void> {
    subscription.pause()
    try {
      await service.stop()
      await service.start()
      subscription.setEndpoints(`${service.url()}/push`)
    } finally {
      subscription.resume()
    }
  }
}

interface ServiceStart {
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
  readonly ports: Surroundings['ports']
  readonly entryFile: string
  readonly watch: Pick<WorldWatch, 'logged'>
}

async function startService(
  { env, logFile, ports, entryFile, watch }: ServiceStart,
  starting: AsyncDisposableStack,
): Promise<Pick<LocalWorld, 'service' | 'lastLogLines'>> {
  await assertFree('the service', ports.service)
  await assertFree('the metrics of the service', ports.metrics)
  const log = createWriteStream(logFile)
  starting.defer(() => finished(log.end()))
  let last: readonly string[] = []
  const spawn = () => spawnService(env, { main: entryFile, signals: 'ours_alone', logged })
  const service = await startWorldService(spawn)
  starting.defer(service.stop)
  return { service, lastLogLines: () => last }

  function logged(line: string): void {
    log.write(`${line}\n`)
    last = [...last, line].slice(-LAST_LOG_LINES)
    watch.logged?.(line)
  }
}

/** Checks a port. The service alone would name a taken port only in its log. */
async function assertFree(name: string, port: number): Promise<void> {
  const server = await startLoopbackServer({ name, port }, async () => {})
  await server.close()
}

function parseFolder(deadLetter: string): string | undefined {
  return deadLetter.startsWith('file:') ? resolve(deadLetter.slice('file:'.length)) : undefined
}

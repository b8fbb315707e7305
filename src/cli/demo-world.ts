import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  LOCAL_CREDENTIALS,
  type MixpanelStandIn,
  startMixpanelStandIn,
} from '../local/mixpanel-stand-in.ts'
import { createPusher, type Pusher } from '../local/pusher.ts'
import {
  LOCAL_AUDIENCE,
  LOCAL_SERVICE_ACCOUNT,
  startTokenIssuer,
  type TokenIssuer,
} from '../local/token-issuer.ts'
import { type ServiceProcess, spawnService } from './spawn-service.ts'

/** Ports for a person to remember, or any that are free. */
export type Ports = Readonly<Record<'service' | 'issuer' | 'mixpanel' | 'metrics', number>>

/** The real service between a Pub/Sub and a Mixpanel that run on this machine. */
export interface DemoWorld {
  readonly mixpanel: MixpanelStandIn
  readonly issuer: TokenIssuer
  readonly service: ServiceProcess
  readonly pusher: Pusher
  readonly deadLetterFolder: string
  deadLetters(): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

/**
 * Starts all of it on loopback; the service is a process of its own, with `oidc` on. Leaves nothing
 * behind when one of them cannot start.
 */
export async function startDemoWorld(ports: Ports): Promise<DemoWorld> {
  const started = new AsyncDisposableStack()
  try {
    return await startAll(ports, started)
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

async function startAll(ports: Ports, started: AsyncDisposableStack): Promise<DemoWorld> {
  const deadLetterFolder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-demo-'))
  started.defer(() => rm(deadLetterFolder, { recursive: true, force: true }))
  const mixpanel = await startMixpanelStandIn({ port: ports.mixpanel })
  started.defer(mixpanel.close)
  const issuer = await startTokenIssuer({ port: ports.issuer })
  started.defer(issuer.close)
  const service = await spawnService({
    PATH: process.env.PATH ?? '',
    HOST: '127.0.0.1',
    PORT: String(ports.service),
    METRICS_PORT: String(ports.metrics),
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    PUSH_AUDIENCE: LOCAL_AUDIENCE,
    PUSH_SERVICE_ACCOUNT: LOCAL_SERVICE_ACCOUNT,
    PUSH_ISSUER: issuer.issuer,
    PUSH_JWKS_URL: issuer.jwksUrl,
    DEAD_LETTER: `file:${deadLetterFolder}`,
  })
  started.defer(async () => void (await service.stop('SIGTERM')))
  const pusher = createPusher({ endpoint: `${service.url}/push`, token: () => issuer.token() })
  started.defer(pusher.close)
  const close = (): Promise<void> => started.disposeAsync()

  return { mixpanel, issuer, service, pusher, deadLetterFolder, deadLetters, close }

  async function deadLetters(): Promise<readonly Record<string, unknown>[]> {
    const names = await readdir(deadLetterFolder)
    const texts = await Promise.all(
      names.map((name) => readFile(join(deadLetterFolder, name), 'utf8')),
    )
    return texts.flatMap((text) => text.split('\n').filter(Boolean).map(parsed))
  }
}

function parsed(line: string): Record<string, unknown> {
  return JSON.parse(line)
}

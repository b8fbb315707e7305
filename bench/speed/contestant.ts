import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { neighbourVariables } from '../../src/cli/service-environment.ts'
import type { TokenIssuer } from '../../src/local/token-issuer.ts'

/** A process that is measured, on a core of its own where there is `taskset`. */
export interface Contestant {
  readonly name: ContestantName
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

export const CONTESTANTS = [
  'bare node:http',
  'bare Fastify',
  'bare Fastify, one event',
  'recipe, Node',
  'recipe, Python',
  'Fastify and axios',
  'this service',
  'this service again',
  'this service before',
  'this service, traced',
  'this service, HTTP/2',
] as const
export type ContestantName = (typeof CONTESTANTS)[number]

export interface ContestantDeps {
  readonly mixpanel: { readonly url: string }
  readonly issuer: TokenIssuer
  /** A prefix that runs a command on the measured core. */
  readonly pin: readonly string[]
  /** The path of the service's bundle. */
  readonly bundle: string
  /** The bundle of an earlier commit. */
  readonly before?: string | undefined
  /** The URL of a collector of spans. */
  readonly collector?: string
  /** A folder that the service may write to. */
  readonly folder: string
}

const HERE = join(import.meta.dirname, 'contestants')
const START = join(import.meta.dirname, '../../tools/start.sh')
const TRACING = join(import.meta.dirname, '../../examples/tracing.mjs')
/** Far above what one core can do, so that the service's rate limit never slows it. */
const EVENTS_PER_SECOND = 300_000

/**
 * Starts a contestant; the service gets these variables besides. Resolves with `undefined` when
 * this machine lacks what the contestant needs.
 */
export async function startContestant(
  name: ContestantName,
  deps: ContestantDeps,
  variables: Readonly<Record<string, string>> = {},
): Promise<Contestant | undefined> {
  const [command, ...args] = [...deps.pin, ...commandOf(name, deps)]
  if (command === undefined) return undefined
  const env = { ...environmentOf(name, deps), ...variables, PATH: process.env.PATH ?? '' }
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const port = await Promise.race([waitForPort(child), ended.then(() => undefined)])
  if (port === undefined) return undefined
  return {
    name,
    pid: child.pid ?? 0,
    port,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Starts a contestant that runs on every machine. */
export async function startNeeded(
  name: ContestantName,
  deps: ContestantDeps,
  variables: Readonly<Record<string, string>> = {},
): Promise<Contestant> {
  const contestant = await startContestant(name, deps, variables)
  if (contestant === undefined) throw new Error(`${name} did not start`)
  return contestant
}

function commandOf(
  name: ContestantName,
  { bundle, before = bundle }: ContestantDeps,
): readonly string[] {
  switch (name) {
    case 'bare node:http':
      return [process.execPath, join(HERE, 'bare-http.ts')]
    case 'bare Fastify':
    case 'bare Fastify, one event':
      return [process.execPath, join(HERE, 'bare-fastify.ts')]
    case 'recipe, Node':
      return [process.execPath, join(HERE, 'recipe.ts')]
    case 'recipe, Python':
      return ['python3', join(HERE, 'recipe.py')]
    case 'Fastify and axios':
      return [process.execPath, join(HERE, 'fastify-axios.ts')]
    case 'this service':
    case 'this service again':
    case 'this service, HTTP/2':
      return [process.execPath, ...flagsOfImage(), bundle]
    case 'this service before':
      return [process.execPath, ...flagsOfImage(), before]
    case 'this service, traced':
      return [process.execPath, ...flagsOfImage(), `--import=${TRACING}`, bundle]
  }
}

/** The flags that the container image gives to Node in the memory of this machine. */
function flagsOfImage(): readonly string[] {
  const { stdout } = spawnSync('sh', [START, 'echo'], { encoding: 'utf8' })
  return stdout.trim().split(' ')
}

function environmentOf(
  name: ContestantName,
  { mixpanel, issuer, folder, collector }: ContestantDeps,
) {
  if (!name.startsWith('this service')) return { MIXPANEL_URL: mixpanel.url }
  return {
    ...neighbourVariables({ mixpanel, issuer }),
    DELIVERY_MAX_EVENTS_PER_SECOND: String(EVENTS_PER_SECOND),
    PUSH_ACK_DEADLINE_SECONDS: '60',
    DEAD_LETTER: `file:${folder}`,
    ...(collector !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: collector }),
  }
}

/** Reads the port from the output: the service logs it, the others print their server's address. */
function waitForPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    if (!child.stdout) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      const port = /"address":"http:[^"]*:(\d+)"|"port":(\d+)/.exec(line)?.slice(1).find(Boolean)
      if (port !== undefined) resolve(Number(port))
    })
  })
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { thisHost } from '../src/cli/host.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { systemClock } from '../src/lib/clock.ts'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../src/local/pusher.ts'
import {
  LOCAL_AUDIENCE,
  LOCAL_SERVICE_ACCOUNT,
  startTokenIssuer,
} from '../src/local/token-issuer.ts'
import { createService } from '../src/service/create-service.ts'
import { createLogger } from '../src/telemetry/logger.ts'
import { type FunctionRun, startCallCounter } from './functions-run.ts'

const HELP = `Counts the named functions of src/ that one warm push of one event runs, and their files.

sh tools/node.sh tools/push-functions.ts           prints the two counts
sh tools/node.sh tools/push-functions.ts --list    prints the functions as well, by file, and how often each ran

V8 counts an async function once more each time it goes on after an await.`

/** By then the keys are fetched, the token is known and the connections are open. */
const WARM_UP_PUSHES = 20
/** A timer may fire during one of them; only what runs in each belongs to a push. */
const MEASURED_PUSHES = 10
const SOURCES = new URL('../src/', import.meta.url).href
/** Pub/Sub and Mixpanel run in this process, too. */
const STAND_INS = `${SOURCES}local/`

const options = process.argv.slice(2)
if (options.some((option) => option !== '--list')) {
  console.log(HELP)
  process.exitCode = options.includes('--help') ? 0 : 2
} else {
  const functions = await functionsOfOnePush()
  const byFile = Map.groupBy(functions, ({ url }) => url.slice(SOURCES.length))
  console.log(`${functions.length} named functions in ${byFile.size} files run for one warm push`)
  if (options.includes('--list')) list(byFile)
}

function list(byFile: ReadonlyMap<string, readonly FunctionRun[]>): void {
  for (const [file, functions] of [...byFile].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const calls = functions.map(({ name, calls }) => (calls > 1 ? `${name} × ${calls}` : name))
    console.log(`\n${file} (${functions.length})\n  ${calls.join('\n  ')}`)
  }
}

/** The named functions of the service that every warm push runs. */
async function functionsOfOnePush(): Promise<readonly FunctionRun[]> {
  const scene = await startScene()
  const counter = await startCallCounter()
  try {
    for (let made = 0; made < WARM_UP_PUSHES; made++) await scene.push()
    const rounds: FunctionRun[][] = []
    for (let made = 0; made < MEASURED_PUSHES; made++) {
      await counter.take()
      await scene.push()
      rounds.push((await counter.take()).filter(isOfTheService))
    }
    return runInEach(rounds)
  } finally {
    counter.close()
    await scene.close()
  }
}

function isOfTheService({ url, name }: FunctionRun): boolean {
  // V8 names the fields of a class in angle brackets.
  return (
    name !== '' && !name.startsWith('<') && url.startsWith(SOURCES) && !url.startsWith(STAND_INS)
  )
}

function runInEach([first = [], ...rest]: readonly (readonly FunctionRun[])[]) {
  const others = rest.map((round) => new Set(round.map(placeOf)))
  return first.filter((run) => others.every((places) => places.has(placeOf(run))))
}

function placeOf({ url, offset }: FunctionRun): string {
  return `${url}:${offset}`
}

interface Scene {
  /** Pushes one event; rejects when it is not acked. */
  push(): Promise<void>
  close(): Promise<void>
}

/** The service as main.ts puts it together, over real HTTP between the stand-ins. */
async function startScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-functions-'))
  const mixpanel = await startMixpanelStandIn()
  const issuer = await startTokenIssuer()
  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    PUSH_AUDIENCE: LOCAL_AUDIENCE,
    PUSH_SERVICE_ACCOUNT: LOCAL_SERVICE_ACCOUNT,
    PUSH_ISSUER: issuer.issuer,
    PUSH_JWKS_URL: issuer.jwksUrl,
    DEAD_LETTER: `file:${folder}`,
    // Whether a push lingers depends on how fast this machine pushed the one before.
    BATCH_LINGER_MS: '0',
  }
  const config = loadConfig(env, thisHost)
  const service = createService(config, {
    clock: systemClock,
    log: createLogger(config.server.logLevel, { write: () => true }),
    random: Math.random,
    cpuMs: () => process.cpuUsage().user / 1_000,
    maxOpenFiles: 1_024,
    logLinesDropped: () => 0,
    projectId: () => undefined,
    transform: undefined,
  })
  await service.start()
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const token = await issuer.token()
  const pusher = createPusher({ endpoint: `${url}/push`, token: () => token })
  return { push, close }

  async function push(): Promise<void> {
    const properties = { distinct_id: 'user-1', time: Date.now(), plan: 'pro' }
    const { status } = await pusher.push({
      data: JSON.stringify({ event: 'Signed up', properties }),
    })
    if (status !== 204) throw new Error(`the service answered ${status} to a push`)
  }

  async function close(): Promise<void> {
    pusher.close()
    await service.close()
    await issuer.close()
    await mixpanel.close()
    await rm(folder, { recursive: true })
  }
}

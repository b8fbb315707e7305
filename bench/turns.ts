// The CPU of the longest turn of the event loop, and the memory, that one push can cost the service.
// sh tools/node.sh bench/turns.ts [part of a name]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ServiceProcess, spawnService } from '../src/cli/spawn-service.ts'
import { createPusher } from '../src/local/pusher.ts'
import { startFastMixpanel } from './speed/fast-mixpanel.ts'
import { readPeakMiB } from './speed/process-stats.ts'
import { BOMBS, type Bomb } from './turns/bombs.ts'

/** The most CPU that any push may take in one turn. */
const MOST_MS = 200
/** The most resident memory, in a container of 512 MiB. */
const MOST_MIB = 420
/** The number of pushes of a bomb at once, to measure memory. */
const COPIES = 4
const CLOCK = fileURLToPath(new URL('./turns/turn-clock.ts', import.meta.url))
const HEAP = '--max-old-space-size=256'

const [sought = ''] = process.argv.slice(2)
const mixpanel = await startFastMixpanel()
let failed = 0
for (const bomb of BOMBS.filter(({ name }) => name.includes(sought))) {
  const turn = await longestTurnMs(bomb)
  const peak = await peakMiB(bomb)
  const isGood = turn.ms <= MOST_MS && peak.mib <= MOST_MIB
  if (!isGood) failed += 1
  const figures = [`${turn.ms} ms`, turn.status, `${Math.round(peak.mib)} MiB`, peak.statuses]
  console.log(`${isGood ? 'good' : 'BAD '} ${bomb.name}: ${figures.join(', ')}`)
}
await mixpanel.close()
process.exitCode = failed > 0 ? 1 : 0

/** Pushes twice: the first push runs uncompiled code, the second compiled code. */
async function longestTurnMs(bomb: Bomb): Promise<{ ms: number; status: string }> {
  return withService(`${HEAP} --import=${CLOCK}`, async (service, longest) => {
    // The start of the service is no turn of a push.
    await longest()
    const statuses = [await push(service, bomb.body('1')), await push(service, bomb.body('2'))]
    return { ms: await longest(), status: statuses.join(' ') }
  })
}

async function peakMiB(bomb: Bomb): Promise<{ mib: number; statuses: string }> {
  return withService(HEAP, async (service) => {
    const bodies = Array.from({ length: COPIES }, (_, index) => bomb.body(String(index)))
    const statuses = await Promise.all(bodies.map((body) => push(service, body)))
    return { mib: readPeakMiB(service.pid), statuses: statuses.join(' ') }
  })
}

/** Starts a service, and lends it out with a function that asks for its longest turn since. */
async function withService<T>(
  nodeOptions: string,
  use: (service: ServiceProcess, longest: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-turns-'))
  let reported = (_ms: number): void => {}
  const logged = (line: string): void => {
    const ms = /^{"longestTurnMs":(\d+)}$/.exec(line)?.[1]
    if (ms !== undefined) reported(Number(ms))
  }
  const service = await spawnService(environmentOf(folder, nodeOptions), { logged })
  const longest = (): Promise<number> => {
    const answer = new Promise<number>((resolve) => {
      reported = resolve
    })
    process.kill(service.pid, 'SIGWINCH')
    return answer
  }
  try {
    return await use(service, longest)
  } finally {
    await service.stop('SIGKILL')
    await rm(folder, { recursive: true })
  }
}

function environmentOf(folder: string, nodeOptions: string): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: 'token',
    PUSH_AUTH: 'none',
    PUSH_ACK_DEADLINE_SECONDS: '60',
    PUSH_MAX_BUFFERED_BYTES: String(128 * 1024 * 1024),
    DEAD_LETTER: `file:${folder}`,
    NODE_OPTIONS: nodeOptions,
  }
}

/** Resolves with the status, or the reason why there is none. */
async function push({ url }: ServiceProcess, rawBody: string): Promise<string> {
  const pusher = createPusher({ endpoint: `${url}/push` })
  try {
    const { status } = await pusher.push({}, { rawBody })
    return String(status)
  } catch (error) {
    return String(error)
  } finally {
    pusher.close()
  }
}

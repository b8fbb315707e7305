import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { CompareDeps } from './compare.ts'
import { startNeeded } from './contestant.ts'
import { createLoad } from './load.ts'
import { readPeakMiB } from './process-stats.ts'
import { type PushTemplate, templateAround, templateOf } from './workload.ts'

/** The most memory the service had resident while Mixpanel did not answer. */
export interface PeakMemory {
  readonly what: string
  readonly peakMiB: number
  /** The highest figure that passes. */
  readonly atMostMiB: number
  /** Whether the service still answers a probe afterwards. */
  readonly isAlive: boolean
}

/** Pushes sent at once, and the number of rounds. */
export interface Flood {
  readonly what: string
  readonly pushes: number
  readonly rounds: number
  readonly atMostMiB: number
  readonly template: () => PushTemplate
}

const LARGE_BODY_BYTES = 12e6
/** Base64 takes four bytes for three. */
const LARGE_DATA_BYTES = (LARGE_BODY_BYTES / 4) * 3
const LARGE_GZIP_TEXT_BYTES = 60e6
const EVENT_BYTES = 300
/** Random bytes in each event. With them, the gzip bodies become as large as the plain ones. */
const OWN_BYTES = 38
const FOREVER_MS = 600_000

const EIGHTY_TWICE = { pushes: 80, rounds: 2, atMostMiB: 380 }

export const FLOODS: readonly Flood[] = [
  {
    what: '1,000 pushes of one 300 B event',
    pushes: 1_000,
    rounds: 1,
    atMostMiB: 150,
    template: () => templateOf({ eventsAPush: 1, eventBytes: EVENT_BYTES }),
  },
  { what: '80 pushes of 12 MB, plain', ...EIGHTY_TWICE, template: largePlain },
  { what: '80 pushes of 12 MB, gzip of 60 MB', ...EIGHTY_TWICE, template: largeGzip },
]

/** The heap limit and the byte budget of the service in a container of 512 MiB. */
const LIMITS = {
  NODE_OPTIONS: '--max-old-space-size=256',
  PUSH_MAX_BUFFERED_BYTES: String(128 * 1024 * 1024),
  // Each push waits for this long at most.
  PUSH_ACK_DEADLINE_SECONDS: '10',
}

/** Sends the pushes to the service all at once, round after round. */
export async function measurePeak(
  deps: CompareDeps,
  { what, pushes, rounds, atMostMiB, template }: Flood,
): Promise<PeakMemory> {
  await using running = new AsyncDisposableStack()
  deps.mixpanel.setDelay(FOREVER_MS)
  const contestant = await startNeeded('this service', deps, LIMITS)
  running.defer(contestant.stop)
  const { port, pid } = contestant
  const load = createLoad({ port, template: template(), token: deps.issuer.token() })
  running.defer(async () => load.close())
  for (let round = 0; round < rounds; round += 1) await load.closedLoop(pushes, 0)
  const { ok: isAlive } = await fetch(`http://127.0.0.1:${port}/health/live`)
  return { what, peakMiB: readPeakMiB(pid), atMostMiB, isAlive }
}

function largePlain(): PushTemplate {
  return templateOf({ eventsAPush: LARGE_DATA_BYTES / EVENT_BYTES, eventBytes: EVENT_BYTES - 1 })
}

function largeGzip(): PushTemplate {
  const lines = Array.from({ length: LARGE_GZIP_TEXT_BYTES / EVENT_BYTES }, () => {
    const own = randomBytes(OWN_BYTES).toString('hex')
    const event = JSON.stringify({ event: 'page_viewed', properties: { distinct_id: 'u', own } })
    return event.replace('"own"', `"filler":"${'x'.repeat(EVENT_BYTES - event.length - 13)}","own"`)
  })
  return templateAround(gzipSync(lines.join('\n'), { level: 1 }))
}

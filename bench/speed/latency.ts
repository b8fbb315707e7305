import type { CompareDeps } from './compare.ts'
import { startNeeded } from './contestant.ts'
import { createLoad } from './load.ts'
import { quantilesOf } from './measure.ts'
import { templateOf } from './workload.ts'

/** The latency of pushes that came at a fixed rate, independent of the answers; in ms. */
export interface Latency {
  readonly pushesASecond: number
  /** Mixpanel's share of it. */
  readonly mixpanelMs: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly failed: number
}

const SHAPE = { eventsAPush: 1, eventBytes: 300 }

/** Pushes one event at a time to the service, after a warm-up that does not count. */
export async function measureLatency(
  deps: CompareDeps,
  { pushesASecond, mixpanelMs }: Pick<Latency, 'pushesASecond' | 'mixpanelMs'>,
  durationMs: number,
): Promise<Latency> {
  await using running = new AsyncDisposableStack()
  deps.mixpanel.setDelay(mixpanelMs)
  const contestant = await startNeeded('this service', deps)
  running.defer(contestant.stop)
  const { port } = contestant
  const load = createLoad({ port, template: templateOf(SHAPE), token: deps.issuer.token() })
  running.defer(async () => load.close())
  await load.openLoop(pushesASecond, durationMs / 4)
  const { latencies, failed } = await load.openLoop(pushesASecond, durationMs)
  return { pushesASecond, mixpanelMs, ...quantilesOf(latencies), failed }
}

import type { CompareDeps } from './compare.ts'
import { type Contestant, startNeeded } from './contestant.ts'
import { createLoad, type LoadResult } from './load.ts'
import { readCpuMs } from './process-stats.ts'
import { templateOf } from './workload.ts'

/** The throughput of several processes of the service side by side, at full load. */
export interface Scaling {
  readonly processes: number
  readonly eventsASecond: number
  readonly cpuUsAnEvent: number
  /** The cores that the processes used; the load uses the rest. */
  readonly cores: number
}

/** Many events in few pushes, so that the load leaves the cores to the service. */
const SHAPE = { eventsAPush: 100, eventBytes: 300 }
const CONNECTIONS = 128

/** Measures on all cores, which the load shares. */
export async function measureScaling(
  deps: CompareDeps,
  processes: number,
  durationMs: number,
): Promise<Scaling> {
  await using running = new AsyncDisposableStack()
  deps.mixpanel.setDelay(0)
  const pin = deps.pin.length > 0 ? ['taskset', '-c', '0-1023'] : []
  const entrants: { pid: number; push: (ms: number) => Promise<LoadResult> }[] = []
  for (let started = 0; started < processes; started += 1) {
    const contestant = await startNeeded('this service', { ...deps, pin })
    running.defer(contestant.stop)
    const load = loadOn(contestant, deps)
    running.defer(async () => load.close())
    entrants.push({ pid: contestant.pid, push: (ms) => load.closedLoop(CONNECTIONS, ms) })
  }
  await Promise.all(entrants.map(({ push }) => push(durationMs / 2)))
  const before = sumCpuMs(entrants)
  const results = await Promise.all(entrants.map(({ push }) => push(durationMs)))
  const cpuMs = sumCpuMs(entrants) - before
  const pushes = results.reduce((sum, result) => sum + result.pushes, 0)
  const tookMs = Math.max(...results.map((result) => result.tookMs))
  const events = pushes * SHAPE.eventsAPush
  return {
    processes,
    eventsASecond: (events * 1_000) / tookMs,
    cpuUsAnEvent: (cpuMs * 1_000) / events,
    cores: cpuMs / tookMs,
  }
}

function loadOn({ port }: Contestant, { issuer }: CompareDeps) {
  return createLoad({ port, template: templateOf(SHAPE), token: issuer.token() })
}

function sumCpuMs(entrants: readonly { readonly pid: number }[]): number {
  return entrants.reduce((sum, { pid }) => sum + readCpuMs(pid), 0)
}

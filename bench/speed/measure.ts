import type { Contestant } from './contestant.ts'
import type { FastMixpanel } from './fast-mixpanel.ts'
import type { LoadResult } from './load.ts'
import { readCpuMs } from './process-stats.ts'

/** The results of one round of load on one contestant. */
export interface Sample {
  /** CPU of all threads, user and system, for each push, in µs. */
  readonly cpuUsAPush: number
  readonly pushesASecond: number
  /** The number of pushes not answered 204. */
  readonly failed: number
  /** In ms. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly importsAPush: number
  readonly eventsAnImport: number
  /** Share of one core, from 0 to 1: of the contestant, and of the process that makes the load. */
  readonly busy: number
  readonly loadBusy: number
}

export interface Measured {
  readonly contestant: Pick<Contestant, 'pid'>
  readonly mixpanel: FastMixpanel
}

/** Runs one round and measures it. */
export async function measure(
  { contestant, mixpanel }: Measured,
  round: () => Promise<LoadResult>,
): Promise<Sample> {
  const [cpu, own] = [readCpuMs(contestant.pid), process.cpuUsage()]
  const [requests, events] = [mixpanel.requests(), mixpanel.events()]
  const { pushes, failed, tookMs, latencies } = await round()
  const cpuMs = readCpuMs(contestant.pid) - cpu
  const { user, system } = process.cpuUsage(own)
  const imports = mixpanel.requests() - requests
  return {
    cpuUsAPush: (cpuMs * 1_000) / pushes,
    pushesASecond: (pushes * 1_000) / tookMs,
    failed,
    ...quantilesOf(latencies),
    importsAPush: imports / pushes,
    eventsAnImport: imports === 0 ? 0 : (mixpanel.events() - events) / imports,
    busy: cpuMs / tookMs,
    loadBusy: (user + system) / 1_000 / tookMs,
  }
}

/** Returns the quantiles. Sorts the latencies in place. */
function quantilesOf(latencies: Float64Array): Pick<Sample, 'p50' | 'p99' | 'p999'> {
  latencies.sort()
  return {
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    p999: quantile(latencies, 0.999),
  }
}

/** The median of several values. */
export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5)
}

/** Half of the distance between the quartiles, as a share of the median. */
export function spread(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / quantile(sorted, 0.5)
}

function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

import { readFileSync } from 'node:fs'
import { until } from './patience.ts'

/** The check, from outside, of the event counts and the memory of the processes of a run. */
export interface Audit {
  /** Checks one process. `settled`: no push waits, so pending events must settle soon. */
  look(process: AuditedProcess, at: 'any_moment' | 'settled'): Promise<void>
  /** The counts that do not balance, and the processes that use too much memory. */
  complaints(): readonly string[]
  /** The number of checks made. */
  looks(): number
  /** The most memory that one process ever held; 0 where the system does not report it. */
  peakRssMiB(): number
}

export interface AuditedProcess {
  metricsUrl(): string
  pid(): number
}

/** The totals of the metrics of one process. */
interface Totals {
  readonly received: number
  /** Imported, dead-lettered, dropped or returned. */
  readonly settled: number
  readonly pending: number
}

/** The most that leaves a container of 512 MiB room to spare. */
const MOST_RSS_MIB = 420
/** Work may go on for two ack deadlines after its last push has been answered. */
const SETTLED_WITHIN_MS = 30_000
const ANSWERS_WITHIN_MS = 10_000

export function createAudit(): Audit {
  const complaints: string[] = []
  let looks = 0
  let peakRssMiB = 0

  return { look, complaints: () => complaints, looks: () => looks, peakRssMiB: () => peakRssMiB }

  async function look(process: AuditedProcess, at: 'any_moment' | 'settled'): Promise<void> {
    looks += 1
    noteMemory(readPeakRss(process.pid()))
    const totals = at === 'settled' ? await fetchSettledTotals(process) : await fetchTotals(process)
    if (totals === undefined) {
      complaints.push(`a process did not show its metrics in ${ANSWERS_WITHIN_MS} ms`)
      return
    }
    const { received, settled, pending } = totals
    if (at === 'settled' && pending !== 0) complaints.push(`${pending} events stay pending`)
    if (received === settled + pending) return
    complaints.push(`received ${received} events, but settled ${settled} and pending ${pending}`)
  }

  function noteMemory(rssMiB: number): void {
    if (rssMiB > MOST_RSS_MIB && peakRssMiB <= MOST_RSS_MIB) {
      complaints.push(`a process held ${rssMiB} MiB: more than ${MOST_RSS_MIB}`)
    }
    peakRssMiB = Math.max(peakRssMiB, rssMiB)
  }
}

/** Reads the totals once nothing is pending, or after `SETTLED_WITHIN_MS`. */
async function fetchSettledTotals(process: AuditedProcess): Promise<Totals | undefined> {
  let totals: Totals | undefined
  await until(async () => {
    totals = await fetchTotals(process)
    return totals === undefined || totals.pending === 0
  }, SETTLED_WITHIN_MS)
  return totals
}

/** Reads the totals; `undefined` when the process does not answer. */
async function fetchTotals({ metricsUrl }: AuditedProcess): Promise<Totals | undefined> {
  const text = await textAt(metricsUrl())
  if (text === undefined) return undefined
  return {
    received: sumSamples('events_received_total', text),
    settled: sumSamples('events_settled_total', text),
    pending: sumSamples('events_pending', text),
  }
}

async function textAt(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    return await answer.text()
  } catch {
    return undefined
  }
}

/** Sums a metric over all labels. */
function sumSamples(name: string, text: string): number {
  const lines = text.split('\n').filter((line) => {
    return (
      line.startsWith(`pubsub_mixpanel_${name}{`) || line.startsWith(`pubsub_mixpanel_${name} `)
    )
  })
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Reads the peak that Linux keeps. */
function readPeakRss(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}

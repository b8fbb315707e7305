import { cpus } from 'node:os'
import type { Case } from './cases.ts'
import type { Comparison } from './compare.ts'
import { median, type Sample, spread } from './measure.ts'

export interface CaseResult {
  readonly case: Case
  readonly comparisons: readonly Comparison[]
}

/** The table of some cases, in Markdown: a row for each contestant. */
export function tableOf(results: readonly CaseResult[]): string {
  const head = [
    'case',
    'contestant',
    'CPU µs a push',
    'spread',
    'CPU µs an event',
    'of bare Fastify',
    'pushes/s',
    'events/s',
    'MB/s',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'imports a push',
    'events an import',
    'peak MiB',
    'its core',
    "load's core",
    'failed',
  ]
  const rows = results.flatMap(rowsOf)
  return [head, head.map(() => '---:'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** `bench/RESULTS.md`. */
export function resultsOf(results: readonly CaseResult[], at: Date): string {
  const [cpu] = cpus()
  return `# Results

Written by \`npm run bench\` on ${at.toISOString().slice(0, 10)}: Node ${process.version}, ${cpu?.model ?? 'CPU unknown'}, ${cpus().length} cores.

Each case runs its contestants in turn, round after round; the figures are medians of the rounds, and
the spread is half the distance between their quartiles. CPU is that of the contestant's process, all
threads, user and system.

${tableOf(results)}
`
}

function rowsOf({ case: one, comparisons }: CaseResult): readonly (readonly (string | number)[])[] {
  const floor = comparisons.find(({ name }) => name === 'bare Fastify')
  return comparisons.map((comparison) => {
    const of = (field: keyof Sample) => median(comparison.samples.map((sample) => sample[field]))
    const cpu = of('cpuUsAPush')
    const events = of('pushesASecond') * one.eventsAPush
    const base = floor && median(floor.samples.map(({ cpuUsAPush }) => cpuUsAPush))
    return [
      nameOf(one),
      comparison.name,
      cpu.toFixed(1),
      `±${(spread(comparison.samples.map(({ cpuUsAPush }) => cpuUsAPush)) * 100).toFixed(0)} %`,
      (cpu / one.eventsAPush).toFixed(1),
      base ? (cpu / base).toFixed(2) : '',
      of('pushesASecond').toFixed(0),
      events.toFixed(0),
      ((events * one.eventBytes) / 1e6).toFixed(1),
      of('p50').toFixed(1),
      of('p99').toFixed(1),
      of('p999').toFixed(1),
      of('importsAPush').toFixed(3),
      of('eventsAnImport').toFixed(0),
      comparison.peakMiB.toFixed(0),
      of('busy').toFixed(2),
      of('loadBusy').toFixed(2),
      comparison.samples.reduce((sum, { failed }) => sum + failed, 0),
    ]
  })
}

function nameOf({ eventsAPush, eventBytes, connections, mixpanelMs }: Case): string {
  return `${eventsAPush} × ${eventBytes} B, ${connections} connections, ${mixpanelMs} ms`
}

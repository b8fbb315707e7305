import { cpus } from 'node:os'
import { VERSION } from '../../src/version.ts'
import type { Case } from './cases.ts'
import type { MemoryOfMinute } from './growth.ts'
import { type Sample, spread } from './measure.ts'
import type { CaseResult, Measurements } from './measurements.ts'
import { type BenchNumber, isReached, medianOf, numbersOf } from './numbers.ts'
import type { PeakMemory } from './peak-memory.ts'
import type { Scaling } from './processes.ts'

/** The table of some cases, in Markdown, with a row for each contestant. */
export function formatTable(results: readonly CaseResult[]): string {
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
  return markdown(head, results.flatMap(rowsOf))
}

/** The text of `bench/RESULTS.md`. */
export function formatResults(measured: Measurements, at: Date): string {
  const [cpu] = cpus()
  const { cases, openLoop, protocols, sweep, peaks, scaling, startUp } = measured
  return `# Results

Written by \`npm run bench\` on ${at.toISOString().slice(0, 10)}: this service ${VERSION}, Node ${process.version},
${cpu?.model ?? 'CPU unknown'}, ${cpus().length} cores. [docs/scaling.md](../docs/scaling.md)
says what bounds the numbers, and what they mean for a deployment.

Each case runs its contestants in turn, round after round; the figures are medians of the rounds, and
the spread is half the distance between their quartiles. CPU is that of the contestant's process, all
threads, user and system. The load and Mixpanel have a core of their own where there is \`taskset\`.
"this service again" is the same service once more: the difference is noise.

## The numbers to reach

B is the CPU of a push of one 300 B event to a bare Fastify that parses the same body and answers
204, in the same rounds.

${formatNumbers(measured)}

## The cases

${formatTable(cases)}

## At the rates of production

Pushes come at a fixed rate, independent of the answers. The times are from the last byte sent to the
first received, and hold Mixpanel's own.

${formatTable(openLoop)}

## HTTP/2

The same service over HTTP/1, with a connection for each push under way, and over HTTP/2, with a hundred
streams a connection.

${formatTable(protocols)}

## Every workload

This table is from fewer and shorter rounds. It shows how the figures change with the workload.

${formatTable(sweep)}

## Processes

Processes of the service side by side on all cores, which the load shares; 100 events of 300 B a push.

${markdown(['processes', 'events/s', 'CPU µs an event', 'cores used'], scaling.map(rowOfScaling))}

## Memory

The peak of resident memory while Mixpanel did not answer, with the heap limit and the byte budget of
a container of 512 MiB. The service answers 503 to pushes for which it has no room.

${markdown(['pushed at once', 'peak MiB', 'answers afterwards'], peaks.map(rowOfPeak))}

## Start

From the start of a process to its first 204, ms.

${markdown(
  ['process', 'ms'],
  [...startUp].map(([name, ms]) => [name, ms.toFixed(0)]),
)}
`
}

/** The table of the numbers, with a row for each and whether it is reached. */
export function formatNumbers(measured: Measurements): string {
  return markdown(['what', 'measured', 'at most', ''], numbersOf(measured).map(rowOfNumber))
}

function rowOfNumber(number: BenchNumber): readonly string[] {
  const { what, measured, bar, unit } = number
  const digits = unit === 'B' || unit === '×' ? 2 : 0
  const of = (value: number) => `${value.toFixed(value < 0.1 ? 3 : digits)} ${unit}`
  return [what, of(measured), of(bar), isReached(number) ? 'reached' : '**not reached**']
}

/** The table of a steady load, with a row for each minute. */
export function formatSteady(minutes: readonly MemoryOfMinute[]): string {
  const rows = minutes.map(({ rssMiB, heapMiB, externalMiB, failed }, at) => {
    return [at + 1, rssMiB.toFixed(0), heapMiB.toFixed(1), externalMiB.toFixed(1), failed]
  })
  return markdown(['minute', 'RSS MiB', 'heap MiB', 'Buffers MiB', 'failed'], rows)
}

function rowOfScaling({ processes, ...measured }: Scaling): readonly string[] {
  const { eventsASecond, cpuUsAnEvent, cores } = measured
  return [String(processes), eventsASecond.toFixed(0), cpuUsAnEvent.toFixed(1), cores.toFixed(2)]
}

function rowOfPeak({ what, peakMiB, isAlive }: PeakMemory): readonly string[] {
  return [what, peakMiB.toFixed(0), isAlive ? 'yes' : 'no']
}

function markdown(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function rowsOf({ case: one, comparisons }: CaseResult): readonly (readonly (string | number)[])[] {
  const floor = comparisons.find(({ name }) => name === 'bare Fastify')
  // Its pushes are of another shape than the case.
  const shown = comparisons.filter(({ name }) => name !== 'bare Fastify, one event')
  return shown.map((comparison) => {
    const of = (field: keyof Sample) => medianOf(comparison, field)
    const cpu = of('cpuUsAPush')
    const events = of('pushesASecond') * one.eventsAPush
    const base = floor && medianOf(floor, 'cpuUsAPush')
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

export function nameOf({ eventsAPush, eventBytes, pushing, mixpanelMs }: Case): string {
  const comes =
    pushing.kind === 'closed_loop'
      ? `${pushing.connections} connections`
      : `${pushing.pushesASecond} pushes/s`
  return `${eventsAPush} × ${eventBytes} B, ${comes}, ${mixpanelMs} ms`
}

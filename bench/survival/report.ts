import type { Findings } from './books.ts'
import type { Kill } from './kill-points.ts'
import { type Drained, shareOfQuota } from './outage.ts'
import type { Lacking } from './planned-event.ts'
import { SPEED } from './scene.ts'

/** What one survival run came to. */
export interface Survival {
  readonly seed: number
  readonly events: number
  readonly messages: number
  /** How many of the events had no time, and how many no insert id. */
  readonly lacking: Lacking
  readonly findings: Findings
  /** Why it was given up before all was acked; `undefined` when it was not. */
  readonly gaveUp: string | undefined
  readonly counts: {
    /** Copies of events that Mixpanel has taken in, and as many as queries see of them. */
    readonly rows: number
    readonly deduplicated: number
    readonly deadLetters: number
    readonly pushes: number
    readonly redeliveries: number
    /** Messages that were acked, and pushed again all the same. */
    readonly duplicates: number
    readonly imports: number
  }
  /** How often each fault struck. */
  readonly faults: ReadonlyMap<string, number>
  readonly kills: readonly Kill[]
  /** Times the service was stopped with SIGTERM, and its exit codes. */
  readonly stops: readonly (number | undefined)[]
  /** From the end of the last fault until all was acked, and all in all, in ms. */
  readonly drainedInMs: number
  readonly tookMs: number
}

/** Whether nothing was lost, doubled or astray, and no message acked too early. */
export function hasSurvived({ findings, gaveUp, stops }: Survival): boolean {
  const { lost, doubled, astray, ackedEarly } = findings
  const found = lost.length + doubled.length + astray.length + ackedEarly.length
  return found === 0 && gaveUp === undefined && stops.every((code) => code === 0)
}

const SHOWN = 10

/** What is wrong, for people: the first few of each kind. Empty when nothing is. */
export function complaints({ findings, gaveUp, stops }: Survival): readonly string[] {
  const bad = stops.filter((code) => code !== 0)
  return [
    ...(gaveUp === undefined ? [] : [gaveUp]),
    ...bad.map((code) => `the service ended with ${code ?? 'a signal'} on SIGTERM`),
    ...Object.entries(findings).flatMap(([kind, list]) => {
      return list.slice(0, SHOWN).map((one: string) => `${kind}: ${one}`)
    }),
  ]
}

type Row = readonly [what: string, ...values: readonly (string | number)[]]

/** The table of one run or several, in Markdown: a column a run. */
export function tableOf(runs: readonly Survival[]): string {
  const rows: readonly Row[] = [
    ['seed', ...runs.map(({ seed }) => seed)],
    ['---', ...runs.map(() => '---:')],
    ['events published', ...runs.map(({ events }) => events)],
    ['of them without a time', ...runs.map(({ lacking }) => lacking.time)],
    ['of them without an insert id', ...runs.map(({ lacking }) => lacking.insertId)],
    ['in messages', ...runs.map(({ messages }) => messages)],
    ['**lost**', ...runs.map(({ findings }) => findings.lost.length)],
    ['**doubled**', ...runs.map(({ findings }) => findings.doubled.length)],
    ['astray', ...runs.map(({ findings }) => findings.astray.length)],
    ['acked too early', ...runs.map(({ findings }) => findings.ackedEarly.length)],
    ['events in Mixpanel', ...runs.map(({ counts }) => counts.deduplicated)],
    ['copies it was sent of them', ...runs.map(({ counts }) => counts.rows)],
    ['dead letters', ...runs.map(({ counts }) => counts.deadLetters)],
    ['pushes', ...runs.map(({ counts }) => counts.pushes)],
    ['of them redeliveries', ...runs.map(({ counts }) => counts.redeliveries)],
    ['of them duplicates of acked messages', ...runs.map(({ counts }) => counts.duplicates)],
    ['requests to Mixpanel', ...runs.map(({ counts }) => counts.imports)],
    ...killRows(runs),
    ['SIGTERM and restart', ...runs.map(({ stops }) => stops.length)],
    ...faultRows(runs),
    ['time to drain, s', ...runs.map(({ drainedInMs }) => seconds(drainedInMs))],
    ['time in all, s', ...runs.map(({ tookMs }) => seconds(tookMs))],
  ]
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function killRows(runs: readonly Survival[]): readonly Row[] {
  const points = new Set(runs.flatMap(({ kills }) => kills.map(({ point }) => point)))
  return [...points].map((point) => [
    `kill -9 ${point}, pushes held`,
    ...runs.map(({ kills }) => {
      return kills
        .filter((kill) => kill.point === point)
        .map(({ held }) => held)
        .join(', ')
    }),
  ])
}

function faultRows(runs: readonly Survival[]): readonly Row[] {
  const names = new Set(runs.flatMap(({ faults }) => [...faults.keys()]))
  return [...names].map((name) => [name, ...runs.map(({ faults }) => faults.get(name) ?? 0)])
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

/** Whether a backlog drained at nine tenths of the quota or more, and whole; or was not measured. */
export function isDrained(drained: Drained | undefined): boolean {
  if (drained === undefined) return true
  return shareOfQuota(drained) >= 0.9 && drained.lost + drained.doubled === 0
}

/** How a backlog drained, for people. */
export function sentenceOf(drained: Drained): string {
  const { events, quota, tookMs, lost, doubled } = drained
  const rate = Math.round(events / (tookMs / 1_000))
  const share = Math.round(shareOfQuota(drained) * 100)
  return (
    `${events} events were imported in ${seconds(tookMs)} s, from the first to the last: ${rate} a ` +
    `second, ${share} % of the quota of ${quota} a second. Lost ${lost}, doubled ${doubled}.`
  )
}

/** `bench/SURVIVAL.md`. */
export function documentOf(
  runs: readonly Survival[],
  drained: Drained | undefined,
  at: Date,
): string {
  const events = runs.reduce((sum, run) => sum + run.events, 0)
  const kills = runs.reduce((sum, run) => sum + run.kills.length, 0)
  const options = `--runs ${runs.length} --seed ${runs[0]?.seed}${drained ? ' --outage' : ''}`
  return `# Survival

Written by \`npm run survive -- ${options}\`
on ${at.toISOString().slice(0, 10)}, Node ${process.version}.

${events} events were published through the push simulator to the real service, while the faults
below struck and its process was killed ${kills} times. At the end each event was looked for: a good one
must have one row in Mixpanel (at query time; one that takes its time from the publish time of a
message that was redelivered with another one, after compaction), a bad one a dead letter with the
right reason, once by \`id\`; and nothing else may be anywhere. At each ack all events of its message
must already have been where they belong.

${tableOf(runs)}
${drained ? `\n${outageOf(drained)}` : ''}`
}

function outageOf(drained: Drained): string {
  return `## A backlog after an outage

The service sent at the quota for two minutes; then Mixpanel answered 503 for five minutes of Pub/Sub's
time, which passes ${SPEED} times as fast, while a backlog built up. The quota counts a rolling minute of
real time, still full of what was sent before.

${sentenceOf(drained)}
`
}

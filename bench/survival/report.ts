import { type Drained, shareOfQuota } from './outage.ts'
import { SPEED } from './scene.ts'
import type { Stop } from './service.ts'
import type { Survival } from './survival.ts'

/**
 * Whether no event was lost, doubled or astray, no ack came too early, and the event totals of all
 * processes balance.
 */
export function hasSurvived(survival: Survival): boolean {
  return complaints(survival).length === 0
}

const SHOWN = 10
/** The share of good events that repeated faults may make dead letters. They are not losses. */
const MOST_BELIEVED = 0.001

/** Lists what is wrong, for people: the first few of each kind. Empty when nothing is. */
export function complaints(survival: Survival): readonly string[] {
  const { findings, gaveUp, stops, audit, events } = survival
  const { believed, ...wrong } = findings
  const bad = stops.filter(({ code }) => code !== 0)
  const isTooMuch = believed.length > Math.max(1, events * MOST_BELIEVED)
  return [
    ...(gaveUp === undefined ? [] : [gaveUp]),
    ...bad.map(badStop),
    ...(isTooMuch ? [`${believed.length} good events are dead letters: ${believed[0]}, …`] : []),
    ...audit.complaints(),
    ...Object.entries(wrong).flatMap(([kind, list]) => {
      return list.slice(0, SHOWN).map((one: string) => `${kind}: ${one}`)
    }),
  ]
}

function badStop({ code, lastLines }: Stop): string {
  return `the service ended with ${code ?? 'a signal'} on SIGTERM:\n${lastLines.join('\n')}`
}

type Row = readonly [what: string, ...values: readonly (string | number)[]]

/** The table of runs, in Markdown, with a column for each. */
export function formatTable(runs: readonly Survival[]): string {
  const rows: readonly Row[] = [
    ['seed', ...runs.map(({ seed }) => seed)],
    ['---', ...runs.map(() => '---:')],
    ['insert ids from', ...runs.map(({ setting }) => setting.ids)],
    ['dead letters in', ...runs.map(({ setting }) => setting.letters)],
    ['instances', ...runs.map(({ setting }) => setting.instances)],
    ['batches', ...runs.map(({ setting }) => setting.batches)],
    ['events published', ...runs.map(({ events }) => events)],
    ['events without a time', ...runs.map(({ lacking }) => lacking.time)],
    ['events without an insert id', ...runs.map(({ lacking }) => lacking.insertId)],
    ['in messages', ...runs.map(({ messages }) => messages)],
    ['**lost**', ...runs.map(({ findings }) => findings.lost.length)],
    ['**doubled**', ...runs.map(({ findings }) => findings.doubled.length)],
    ['astray', ...runs.map(({ findings }) => findings.astray.length)],
    ['acked too early', ...runs.map(({ findings }) => findings.ackedEarly.length)],
    ['events in Mixpanel', ...runs.map(({ counts }) => counts.deduplicated)],
    ['copies that Mixpanel took', ...runs.map(({ counts }) => counts.rows)],
    ['good events made dead letters by repeated faults', ...runs.map(believedIn)],
    ['checks of the event totals', ...runs.map(({ audit }) => audit.looks())],
    ['peak memory of a process, MiB', ...runs.map(({ audit }) => audit.peakRssMiB())],
    ['messages taken by a dead-letter policy', ...runs.map(({ counts }) => counts.forwarded)],
    ['letters stored again', ...runs.map(({ counts }) => counts.lettersAgain)],
    ['dead letters', ...runs.map(({ counts }) => counts.deadLetters)],
    ['pushes', ...runs.map(({ counts }) => counts.pushes)],
    ['redeliveries', ...runs.map(({ counts }) => counts.redeliveries)],
    ['duplicates of acked messages', ...runs.map(({ counts }) => counts.duplicates)],
    ['requests to Mixpanel', ...runs.map(({ counts }) => counts.imports)],
    ...killRows(runs),
    ['SIGTERM and restart', ...runs.map(({ stops }) => stops.length)],
    ...faultRows(runs),
    ['time to drain, s', ...runs.map(({ drainedInMs }) => seconds(drainedInMs))],
    ['time in all, s', ...runs.map(({ tookMs }) => seconds(tookMs))],
  ]
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function believedIn({ findings }: Survival): number {
  return findings.believed.length
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
  return [...names].map((name) => [name, ...runs.map(({ faults }) => faults.get(name) ?? '')])
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

/** Whether a backlog drained whole, at nine tenths of the quota or more; or was not measured. */
export function isDrained(drained: Drained | undefined): boolean {
  if (drained === undefined) return true
  return shareOfQuota(drained) >= 0.9 && drained.lost + drained.doubled === 0
}

/** Describes the drain of a backlog, for people. */
export function describeDrain(drained: Drained): string {
  const { events, quota, tookMs, lost, doubled } = drained
  const rate = Math.round(events / (tookMs / 1_000))
  const share = Math.round(shareOfQuota(drained) * 100)
  return (
    `${events} events were imported in ${seconds(tookMs)} s, from the first to the last: ${rate} a ` +
    `second, ${share} % of the quota of ${quota} a second. Lost ${lost}, doubled ${doubled}.`
  )
}

/** The text of `bench/SURVIVAL.md`. */
export function formatDocument(
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
below struck and a process was killed ${kills} times. Each seed draws how the service is deployed:
where insert ids come from, where dead letters go, how many instances stand behind the subscription,
and how large batches are. At the end the run looked for each event. A good event must have exactly one
row in Mixpanel, as queries see it. A bad event must have a dead letter with the right reason, once by \`id\`.
There may be no other row or letter. At each ack, all events of the message must already be imported or
stored. The event counts of each process must balance, and none may hold more than 420 MiB.

By design some events may have more rows than one, or fewer. The run allows for exactly these:

- An event without a time of its own, whose message was delivered with two publish times, has one row
  after compaction for each calendar day of the two.
- An event without an insert id of its own has a second row when a copy that a dead-letter policy made
  is published too, with ids of the message. With ids from the content, only an event without a time
  of its own has a second row.
- Equal events of different messages, with a time and without an insert id of their own, have one row
  together, with ids from the content.
- A good event that Mixpanel refuses again and again, or counts as not imported, becomes a dead letter:
  the service trusts a repeated refusal. It may cost one event in a thousand; the table counts them.
- Where the subscription's own policy keeps refused messages, the copy of a message is the letter of all
  its events, and its good events may have a row as well.
- A letter may be stored more than once: its \`id\` counts once. The run reads a moved file at its new
  place, and a deleted file before its deletion.

Letters in a topic are published again while faults strike, and at the end once more, when the
transform and Mixpanel are mended. Events that exploded or were poison must then have exactly one row.

${formatTable(runs)}
${drained ? `\n${describeOutage(drained)}` : ''}`
}

function describeOutage(drained: Drained): string {
  return `## A backlog after an outage

The service sent at the quota for two minutes; then Mixpanel answered 503 for five minutes of Pub/Sub's
time, which passes ${SPEED} times as fast, while a backlog built up. The quota counts a rolling minute of
real time, still full of what was sent before.

${describeDrain(drained)}
`
}

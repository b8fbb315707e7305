import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { argumentsOrExit } from './arguments-or-exit.ts'
import { KILL_POINTS } from './survival/kill-points.ts'
import { type Drained, drainAfterOutage } from './survival/outage.ts'
import {
  complaints,
  describeDrain,
  formatDocument,
  formatTable,
  hasSurvived,
  isDrained,
} from './survival/report.ts'
import type { Survival } from './survival/survival.ts'
import { survive } from './survival/survive.ts'

const HELP = `Events through the real service, while Mixpanel, Pub/Sub, the key server and the dead letters fail
and processes are killed. Then a check of each event: is it where it must be? The seed also decides how
the service is deployed: ids, dead letters, instances and batches.

npm run survive                      60,000 events, a seed drawn from the clock
npm run survive -- --seed 7          the deployment, events and faults of seed 7
npm run survive -- --runs 10         ten runs, with consecutive seeds from --seed on: all deployments
npm run survive -- --events 20000    a shorter run
npm run survive -- --outage          also measures how a backlog drains after an outage; three minutes
npm run survive -- --no-write        leave bench/SURVIVAL.md as it is

Ends with 0 only if nothing was lost, doubled or astray, no message was acked too early, and the event
totals of all processes balance.`

const DOCUMENT = new URL('SURVIVAL.md', import.meta.url)
const STOPS = 2
const MOST_CALM = 3_000
/** A share of the run's events, small enough for every kind of fault to strike. */
const CALM = 1 / 40
const OUTAGE = { events: 100_000, quota: 2_000 }
const PATIENCE_MS = 120_000
const SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** The exit code of shells for an interrupted process. */
const INTERRUPTED = 130

await main()

async function main(): Promise<void> {
  const options = argumentsOrExit(HELP, optionsGiven)
  if (options.help) return console.log(HELP)
  const runs: Survival[] = []
  for (let run = 0; run < options.runs; run += 1) {
    runs.push(await runWith(options.seed + run, options.events))
    console.log(`\n${formatTable(runs.slice(-1))}\n`)
  }
  const drained = options.outage ? await measureOutage(options.seed) : undefined
  if (options.write) await writeFile(DOCUMENT, formatDocument(runs, drained, new Date()))
  process.exitCode = runs.every(hasSurvived) && isDrained(drained) ? 0 : 1
}

async function measureOutage(seed: number): Promise<Drained> {
  console.log(`a backlog of ${OUTAGE.events} events after an outage`)
  const drained = await untilInterrupted((signal) => drainAfterOutage({ seed, ...OUTAGE, signal }))
  console.log(`  ${describeDrain(drained)}`)
  return drained
}

async function runWith(seed: number, events: number): Promise<Survival> {
  console.log(`seed ${seed}: ${events} events`)
  const survival = await untilInterrupted((signal) =>
    survive({
      seed,
      events,
      kills: KILL_POINTS,
      stops: STOPS,
      untilAllStruck: true,
      calm: Math.ceil(Math.min(MOST_CALM, events * CALM)),
      patienceMs: PATIENCE_MS,
      report: (line) => console.log(`  ${line}`),
      signal,
    }),
  )
  for (const complaint of complaints(survival)) console.error(`  ${complaint}`)
  console.log(hasSurvived(survival) ? '  survived' : `  NOT survived; again: --seed ${seed}`)
  return survival
}

/** Ends the process after Ctrl-C or a failed run, once no process and no file is left behind. */
async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController()
  const interrupt = (): void => interruption.abort(new Error('interrupted'))
  for (const signal of SIGNALS) process.once(signal, interrupt)
  try {
    return await run(interruption.signal)
  } catch (error) {
    console.error(`  NOT finished: ${error instanceof Error ? error.message : error}`)
    return process.exit(interruption.signal.aborted ? INTERRUPTED : 1)
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}

interface Options {
  readonly help: boolean
  readonly write: boolean
  readonly outage: boolean
  readonly seed: number
  readonly runs: number
  readonly events: number
}

function optionsGiven(): Options {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      write: { type: 'boolean', default: true },
      outage: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      runs: { type: 'string', default: '1' },
      events: { type: 'string', default: '60000' },
    },
  })
  const { help, write, outage } = values
  return {
    help,
    write,
    outage,
    seed: parseNumber('seed', values.seed, 0),
    runs: parseNumber('runs', values.runs, 1),
    events: parseNumber('events', values.events, 1),
  }
}

function parseNumber(name: string, text: string, least: 0 | 1): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
  throw new Error(`--${name} must be a whole number from ${least}, of nine digits at the most`)
}

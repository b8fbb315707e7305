import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTokenIssuer } from '../src/local/token-issuer.ts'
import { argumentsOrExit } from './arguments-or-exit.ts'
import { CASES, type Case, GUARDED_CASES, OPEN_LOOP, PROTOCOLS, SWEEP } from './speed/cases.ts'
import { type CompareDeps, compare, type Pace } from './speed/compare.ts'
import { startFastMixpanel } from './speed/fast-mixpanel.ts'
import { grows } from './speed/growth.ts'
import { findSetbacks, ratiosOf, recordedRatios, recordRatios } from './speed/guard.ts'
import type { CaseResult } from './speed/measurements.ts'
import { FLOODS, measurePeak } from './speed/peak-memory.ts'
import { measureScaling } from './speed/processes.ts'
import { formatNumbers, formatResults, formatSteady, formatTable } from './speed/results.ts'
import { measureStartUp } from './speed/start-up.ts'
import { measureSteady } from './speed/steady.ts'

const HELP = `The service beside the floor and the recipe, on the same pushes: CPU, throughput, latency, memory.

npm run bench                all of it; about forty minutes
npm run bench -- --quick     a few short rounds; less than two minutes
npm run bench -- --open-loop the rates of production only; about thirteen minutes
npm run bench -- --http2     HTTP/1 and HTTP/2 only; about five minutes
npm run bench -- --steady    ten minutes of steady load; fails when the memory of the service grows
npm run bench -- --guard     fails when a push costs over 15 % more, relative to a bare Fastify, than recorded
npm run bench -- --no-write  leave bench/RESULTS.md and bench/recorded.json as they are

Close other programs first. With taskset, the measured process has a core of its own.`

const DOCUMENT = new URL('RESULTS.md', import.meta.url)
const RECORDED = new URL('recorded.json', import.meta.url)
const BUNDLE = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const WHOLE = { rounds: 10, roundMs: 2_000, warmUpMs: 3_000 }
const SHORT = { rounds: 3, roundMs: 1_000, warmUpMs: 1_000 }
/** Seldom pushes need long rounds: the CPU of a process is counted in ticks of 10 ms. */
const STEADY = { rounds: 3, roundMs: 5_000, warmUpMs: 3_000 }
const TEN_MINUTES = { minutes: 10, minuteMs: 60_000, pushesASecond: 800 }
const QUICK = { rounds: 3, roundMs: 800, warmUpMs: 1_000 }
const GUARD = { rounds: 15, roundMs: 500, warmUpMs: 2_000 }
const SCALING_MS = 8_000
const STARTS = 9
const PINNED = 'BENCH_IS_PINNED'

await main()

async function main(): Promise<void> {
  const options = argumentsOrExit(HELP, optionsGiven)
  if (options.help) return console.log(HELP)
  const pin = pinning()
  if (pin.length > 0 && !process.env[PINNED]) return void runPinned()
  buildBundle()
  await using running = new AsyncDisposableStack()
  const issuer = await startTokenIssuer()
  running.defer(issuer.close)
  const mixpanel = await startFastMixpanel()
  running.defer(mixpanel.close)

  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-bench-'))
  running.defer(() => rm(folder, { recursive: true, force: true }))

  const deps: CompareDeps = { mixpanel, issuer, pin, bundle: BUNDLE, folder }
  if (options.guard) await guard(deps)
  else if (options.quick) await resultsOfCases(CASES, deps, QUICK)
  else if (options.http2) await resultsOfCases(PROTOCOLS, deps, WHOLE)
  else if (options.steady) await steady(deps)
  else if (options['open-loop']) await resultsOfCases(OPEN_LOOP, deps, STEADY)
  else await measureAll(deps, options.write)
}

async function measureAll(deps: CompareDeps, isWritten: boolean): Promise<void> {
  const cases = await resultsOfCases(CASES, deps, WHOLE)
  const openLoop = await resultsOfCases(OPEN_LOOP, deps, STEADY)
  const peaks = await oneByOne(FLOODS, (flood) => measurePeak(deps, flood))
  const scaling = await oneByOne([1, 2], (processes) => {
    return measureScaling(deps, processes, SCALING_MS)
  })
  const startUp = await measureStartUp(deps, STARTS)
  const protocols = await resultsOfCases(PROTOCOLS, deps, SHORT)
  const sweep = await resultsOfCases(SWEEP, deps, SHORT)
  const measured = { cases, openLoop, protocols, sweep, peaks, scaling, startUp }
  console.log(`\n${formatNumbers(measured)}`)
  if (!isWritten) return
  await writeFile(DOCUMENT, formatResults(measured, new Date()))
  recordRatios(RECORDED, ratiosOf(cases.slice(0, GUARDED_CASES.length)))
}

async function steady(deps: CompareDeps): Promise<void> {
  const minutes = await measureSteady(deps, TEN_MINUTES)
  console.log(formatSteady(minutes))
  if (!grows(minutes)) return
  console.log('the service holds more at the end than after the first minutes')
  process.exitCode = 1
}

async function guard(deps: CompareDeps): Promise<void> {
  const measured = ratiosOf(await resultsOfCases(GUARDED_CASES, deps, GUARD))
  const recorded = recordedRatios(RECORDED)
  for (const [name, ratio] of Object.entries(measured)) {
    console.log(`${name}: ${ratio.toFixed(2)} × a bare Fastify, recorded ${recorded[name]}`)
  }
  const setbacks = findSetbacks(measured, recorded)
  for (const { name } of setbacks) console.log(`worse than recorded by more than 15 %: ${name}`)
  if (setbacks.length > 0) process.exitCode = 1
}

function resultsOfCases(
  cases: readonly Case[],
  deps: CompareDeps,
  pace: Pace,
): Promise<CaseResult[]> {
  return oneByOne(cases, async (one) => {
    const rounds = one.rounds ?? pace.rounds
    const result: CaseResult = {
      case: one,
      comparisons: await compare(one, deps, { ...pace, rounds }),
    }
    console.log(`\n${formatTable([result])}`)
    return result
  })
}

async function oneByOne<One, Result>(
  all: readonly One[],
  measure: (one: One) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (const one of all) results.push(await measure(one))
  return results
}

/** The command prefix that pins the measured process to one core; empty without `taskset`. */
function pinning(): readonly string[] {
  const isThere = spawnSync('taskset', ['--version']).status === 0
  return isThere && cpus().length > 1 ? ['taskset', '-c', '0'] : []
}

/** Runs this program again, pinned away from the measured core. */
function runPinned(): void {
  const [, script = '', ...args] = process.argv
  const command = ['-c', `1-${cpus().length - 1}`, process.execPath, script, ...args]
  const env = { ...process.env, [PINNED]: 'yes' }
  process.exitCode = spawnSync('taskset', command, { stdio: 'inherit', env }).status ?? 1
}

function buildBundle(): void {
  const build = fileURLToPath(new URL('../tools/build.ts', import.meta.url))
  const { status } = spawnSync(process.execPath, [build], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) process.exit(1)
}

function optionsGiven() {
  return parseArgs({
    allowNegative: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      guard: { type: 'boolean', default: false },
      http2: { type: 'boolean', default: false },
      steady: { type: 'boolean', default: false },
      'open-loop': { type: 'boolean', default: false },
      write: { type: 'boolean', default: true },
    },
  }).values
}

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { argumentsOrExit } from '../src/cli/arguments-or-exit.ts'
import { startTokenIssuer } from '../src/local/token-issuer.ts'
import { CASES } from './speed/cases.ts'
import { compare } from './speed/compare.ts'
import { startFastMixpanel } from './speed/fast-mixpanel.ts'
import { type CaseResult, resultsOf, tableOf } from './speed/results.ts'

const HELP = `The service beside the floor and the recipe, on the same pushes: CPU, throughput, latency, memory.

npm run bench                the whole of it; about fifteen minutes
npm run bench -- --quick     a few short rounds; less than two minutes
npm run bench -- --no-write  leave bench/RESULTS.md as it is

Quiet the machine first. Where there is taskset, the measured process has a core of its own.`

const DOCUMENT = new URL('RESULTS.md', import.meta.url)
const BUNDLE = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const WHOLE = { rounds: 10, roundMs: 3_000, warmUpMs: 4_000 }
const QUICK = { rounds: 3, roundMs: 1_000, warmUpMs: 1_500 }
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

  const results: CaseResult[] = []
  for (const one of CASES) {
    const parts = { mixpanel, issuer, pin, bundle: BUNDLE, folder }
    results.push({
      case: one,
      comparisons: await compare(one, parts, options.quick ? QUICK : WHOLE),
    })
    console.log(`\n${tableOf(results.slice(-1))}`)
  }
  if (options.write && !options.quick) await writeFile(DOCUMENT, resultsOf(results, new Date()))
}

/** The measured process on one core, all else on another; nothing where that cannot be. */
function pinning(): readonly string[] {
  const isThere = spawnSync('taskset', ['--version']).status === 0
  return isThere && cpus().length > 1 ? ['taskset', '-c', '0'] : []
}

/** Itself once more, away from the measured core. */
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

function optionsGiven(): { help: boolean; quick: boolean; write: boolean } {
  return parseArgs({
    allowNegative: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: true },
    },
  }).values
}

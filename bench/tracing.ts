import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTokenIssuer } from '../src/local/token-issuer.ts'
import { argumentsOrExit } from './arguments-or-exit.ts'
import type { Case } from './speed/cases.ts'
import { type Comparison, compare } from './speed/compare.ts'
import type { ContestantName } from './speed/contestant.ts'
import { startFastMixpanel } from './speed/fast-mixpanel.ts'
import { median } from './speed/measure.ts'

const HELP = `The CPU of a push with traces off and on, as a multiple of the same service with traces off.

sh tools/node.sh bench/tracing.ts                        about six minutes
sh tools/node.sh bench/tracing.ts --before FILE          also with the bundle of an earlier commit
sh tools/node.sh bench/tracing.ts --rounds 200           more rounds than 60

Each round runs each of them in turn. "this service again" is the same once more: its ratio is the
noise. With taskset, the measured process has a core of its own. Build the bundle first: npm run build`

const BUNDLE = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const ROUND_MS = 400
const WARM_UP_MS = 3_000
const CONNECTIONS = 256
const OFF: ContestantName = 'this service'
const SHAPES = [1, 10, 100].map((eventsAPush) => ({ eventsAPush, eventBytes: 300 }))

await main()

async function main(): Promise<void> {
  const { help, before, rounds } = argumentsOrExit(HELP, optionsGiven)
  if (help) return console.log(HELP)
  await using running = new AsyncDisposableStack()
  const issuer = await startTokenIssuer()
  running.defer(issuer.close)
  const mixpanel = await startFastMixpanel()
  running.defer(mixpanel.close)
  const collector = await startCollector()
  running.defer(collector.close)
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-bench-'))
  running.defer(() => rm(folder, { recursive: true, force: true }))

  const others: ContestantName[] = ['this service again', 'this service, traced']
  if (before !== undefined) others.unshift('this service before')
  const deps = {
    mixpanel,
    issuer,
    folder,
    before,
    collector: collector.url,
    pin: pinning(),
    bundle: BUNDLE,
  }
  for (const shape of SHAPES) {
    const pushing = { kind: 'closed_loop', connections: CONNECTIONS } as const
    const one: Case = { ...shape, pushing, mixpanelMs: 0, contestants: [OFF, ...others] }
    print(one, await compare(one, deps, { rounds, roundMs: ROUND_MS, warmUpMs: WARM_UP_MS }))
  }
  console.log(`the collector took ${collector.requests()} requests`)
}

function optionsGiven() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      before: { type: 'string' },
      rounds: { type: 'string', default: '60' },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number')
  return { ...values, rounds }
}

/** A collector that takes spans and forgets them. */
async function startCollector() {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    request.resume().on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    close: async () => void server.close(),
  }
}

/** Prints the median CPU of a push; then the median of its ratios to the first of each round, and their middle half. */
function print({ eventsAPush, eventBytes }: Case, comparisons: readonly Comparison[]): void {
  console.log(`\n${eventsAPush} × ${eventBytes} B a push`)
  const off = comparisons.find(({ name }) => name === OFF)
  if (!off) return
  for (const one of comparisons) {
    const ratios = one.samples.map(({ cpuUsAPush }, round) => {
      return cpuUsAPush / (off.samples[round]?.cpuUsAPush ?? Number.NaN)
    })
    const [low, ratio, high] = quartilesOf(ratios).map((each) => each.toFixed(3))
    const cpu = `${median(one.samples.map(({ cpuUsAPush }) => cpuUsAPush)).toFixed(1)} µs`.padStart(
      10,
    )
    console.log(`${one.name.padEnd(22)}${cpu}  ${ratio} ×  (${low}–${high})`)
  }
}

function quartilesOf(values: readonly number[]): readonly [number, number, number] {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  return [at(0.25), at(0.5), at(0.75)]
}

/** The command prefix that pins the measured process to one core; empty without `taskset`. */
function pinning(): readonly string[] {
  const isThere = spawnSync('taskset', ['--version']).status === 0
  return isThere && cpus().length > 1 ? ['taskset', '-c', '0'] : []
}

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTokenIssuer } from '../src/local/token-issuer.ts'
import { argumentsOrExit } from './arguments-or-exit.ts'
import { type Comparison, compare } from './speed/compare.ts'
import type { ContestantName } from './speed/contestant.ts'
import { startFastMixpanel } from './speed/fast-mixpanel.ts'

const HELP = `The CPU of a push with traces off and on, as a multiple of the same service with traces off.

sh tools/node.sh bench/tracing.ts                        about eight minutes
sh tools/node.sh bench/tracing.ts --before FILE          also with the bundle of another commit
sh tools/node.sh bench/tracing.ts --events 1             one event a push only; else 1, 10 and 100
sh tools/node.sh bench/tracing.ts --starts 40            start each of them more often than 8 times

Two processes of the same bundle differ by some percent for as long as they run, so each is started
several times, in another order each time. "this service again" is the same once more: its ratio is
the noise. With taskset, the measured process has a core of its own. Build the bundle first:
npm run build`

const BUNDLE = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const PACE = { rounds: 3, roundMs: 1_000, warmUpMs: 2_000 }
const CONNECTIONS = 256
const OFF: ContestantName = 'this service'
const EVENT_BYTES = 300
const EVENTS_A_PUSH = [1, 10, 100]

await main()

async function main(): Promise<void> {
  const { help, before, starts, events } = argumentsOrExit(HELP, optionsGiven)
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
  for (const eventsAPush of events) {
    const pushing = { kind: 'closed_loop', connections: CONNECTIONS } as const
    const one = { eventsAPush, eventBytes: EVENT_BYTES, pushing, mixpanelMs: 0 }
    const results: CpuByName[] = []
    for (let start = 0; start < starts; start += 1) {
      const contestants = rotated([OFF, ...others], start)
      results.push(cpuByName(await compare({ ...one, contestants }, deps, PACE)))
    }
    print(`${eventsAPush} × ${EVENT_BYTES} B a push`, [OFF, ...others], results)
  }
  console.log(`the collector took ${collector.requests()} requests`)
}

function optionsGiven() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      before: { type: 'string' },
      events: { type: 'string' },
      starts: { type: 'string', default: '8' },
    },
  })
  const starts = Number(values.starts)
  if (!Number.isInteger(starts) || starts < 1) throw new Error('--starts must be a whole number')
  const events = values.events === undefined ? EVENTS_A_PUSH : [Number(values.events)]
  if (!events.every((one) => EVENTS_A_PUSH.includes(one))) {
    throw new Error(`--events must be one of ${EVENTS_A_PUSH.join(', ')}`)
  }
  return { ...values, starts, events }
}

/**
 * The CPU of a push of each contestant, in µs: the least of the rounds of one start. Other work on the
 * machine only adds to it.
 */
type CpuByName = ReadonlyMap<ContestantName, number>

function cpuByName(comparisons: readonly Comparison[]): CpuByName {
  return new Map(
    comparisons.map(({ name, samples }) => {
      return [name, Math.min(...samples.map(({ cpuUsAPush }) => cpuUsAPush))]
    }),
  )
}

function rotated<One>(all: readonly One[], by: number): readonly One[] {
  const first = by % all.length
  return [...all.slice(first), ...all.slice(0, first)]
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

/** Prints the CPU of a push of each contestant: the median over the starts, and their middle half. */
function print(
  title: string,
  names: readonly ContestantName[],
  results: readonly CpuByName[],
): void {
  console.log(`\n${title}, ${results.length} starts`)
  const quartilesBy = (name: ContestantName) => {
    return quartilesOf(results.map((result) => result.get(name) ?? Number.NaN))
  }
  const [, off] = quartilesBy(OFF)
  for (const name of names) {
    const [low, middle, high] = quartilesBy(name)
    const range = `(${low.toFixed(1)}–${high.toFixed(1)})`
    const cpu = `${middle.toFixed(1)} µs`
    console.log(`${name.padEnd(22)}${cpu.padStart(10)}  ${(middle / off).toFixed(3)} ×  ${range}`)
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

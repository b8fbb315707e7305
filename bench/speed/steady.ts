import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CompareDeps } from './compare.ts'
import { startNeeded } from './contestant.ts'
import type { MemoryOfMinute } from './growth.ts'
import { createLoad } from './load.ts'
import { readRssMiB } from './process-stats.ts'
import { templateOf } from './workload.ts'

export interface Steady {
  readonly minutes: number
  readonly minuteMs: number
  readonly pushesASecond: number
}

const WATCH = pathToFileURL(join(import.meta.dirname, 'heap-watch.mjs')).href
const MIB = 1024 * 1024
const MIXPANEL_MS = 50

/** Pushes one event at a fixed rate, minute after minute, and reads the memory after each. */
export async function measureSteady(
  deps: CompareDeps,
  { minutes, minuteMs, pushesASecond }: Steady,
): Promise<MemoryOfMinute[]> {
  await using running = new AsyncDisposableStack()
  deps.mixpanel.setDelay(MIXPANEL_MS)
  const file = join(deps.folder, 'heap.ndjson')
  const variables = { NODE_OPTIONS: `--import ${WATCH}`, HEAP_FILE: file }
  const { pid, port, stop } = await startNeeded('this service', deps, variables)
  running.defer(stop)
  const template = templateOf({ eventsAPush: 1, eventBytes: 300 })
  const load = createLoad({ port, template, token: deps.issuer.token() })
  running.defer(async () => load.close())
  const measured: MemoryOfMinute[] = []
  for (let minute = 0; minute < minutes; minute += 1) {
    const { failed } = await load.openLoop(pushesASecond, minuteMs)
    const rssMiB = readRssMiB(pid)
    process.kill(pid, 'SIGWINCH')
    const { heapUsed, external } = await lineOf(file, minute)
    const [heapMiB, externalMiB] = [heapUsed / MIB, external / MIB]
    measured.push({ rssMiB, heapMiB, externalMiB, failed })
  }
  return measured
}

async function lineOf(file: string, at: number): Promise<{ heapUsed: number; external: number }> {
  for (;;) {
    const line = (await readFile(file, 'utf8').catch(() => '')).split('\n')[at]
    if (line?.endsWith('}')) return JSON.parse(line)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

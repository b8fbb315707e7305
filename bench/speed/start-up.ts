import type { CompareDeps } from './compare.ts'
import { type ContestantName, startNeeded } from './contestant.ts'
import { createLoad } from './load.ts'
import { median } from './measure.ts'
import { templateOf } from './workload.ts'

/** The medians of the time from the start of a process to its first 204, in ms. */
export type StartUp = ReadonlyMap<ContestantName, number>

const WHOM: readonly ContestantName[] = ['Fastify and axios', 'this service']
const SHAPE = { eventsAPush: 1, eventBytes: 300 }

/** Starts each contestant in turn, `times` times. */
export async function measureStartUp(deps: CompareDeps, times: number): Promise<StartUp> {
  deps.mixpanel.setDelay(0)
  const took = new Map<ContestantName, number[]>(WHOM.map((name) => [name, []]))
  for (let time = 0; time < times; time += 1) {
    for (const [name, all] of took) all.push(await startOnce(deps, name))
  }
  return new Map([...took].map(([name, all]) => [name, median(all)]))
}

async function startOnce(deps: CompareDeps, name: ContestantName): Promise<number> {
  const startedAt = performance.now()
  const { port, stop } = await startNeeded(name, deps)
  const load = createLoad({ port, template: templateOf(SHAPE), token: deps.issuer.token() })
  const { failed } = await load.closedLoop(1, 0)
  const ms = performance.now() - startedAt
  load.close()
  await stop()
  if (failed > 0) throw new Error(`${name} did not answer its first push with 204`)
  return ms
}

import { type Case, type Pushing, UNIT_SHAPE } from './cases.ts'
import { type Contestant, type ContestantDeps, startContestant } from './contestant.ts'
import type { FastMixpanel } from './fast-mixpanel.ts'
import { http2Connections } from './http2-connections.ts'
import { createLoad, type Load, type LoadOptions, type LoadResult } from './load.ts'
import { measure, type Sample } from './measure.ts'
import { readPeakMiB } from './process-stats.ts'
import { templateOf } from './workload.ts'

/** The results of the rounds on one contestant. */
export interface Comparison {
  readonly name: Contestant['name']
  readonly samples: readonly Sample[]
  readonly peakMiB: number
}

export interface CompareDeps extends ContestantDeps {
  readonly mixpanel: FastMixpanel
}

export interface Pace {
  readonly rounds: number
  readonly roundMs: number
  readonly warmUpMs: number
}

/** The time in which a service finds the rate of the pushes again, before a round counts. */
const SETTLE_MS = 2_000

/** Runs a case on its contestants in turn, round after round, so that noise hits all alike. */
export async function compare(
  { contestants, pushing, mixpanelMs, ...shape }: Case,
  deps: CompareDeps,
  { rounds, roundMs, warmUpMs }: Pace,
): Promise<readonly Comparison[]> {
  await using running = new AsyncDisposableStack()
  const entrants: { contestant: Contestant; load: Load; samples: Sample[] }[] = []
  deps.mixpanel.setDelay(mixpanelMs)
  for (const name of contestants) {
    const contestant = await startContestant(name, deps)
    if (contestant === undefined) continue
    running.defer(contestant.stop)
    const template = templateOf(name === 'bare Fastify, one event' ? UNIT_SHAPE : shape)
    const load = loadOn(contestant, { template, token: deps.issuer.token() })
    running.defer(async () => load.close())
    await push(load, pushing, warmUpMs)
    entrants.push({ contestant, load, samples: [] })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { contestant, load, samples } of entrants) {
      // A linger follows the rate of the last seconds, in which another contestant had its round.
      if (pushing.kind === 'open_loop') await push(load, pushing, SETTLE_MS)
      const go = () => push(load, pushing, roundMs)
      samples.push(await measure({ contestant, mixpanel: deps.mixpanel }, go))
    }
  }
  return entrants.map(({ contestant, samples }) => {
    return { name: contestant.name, samples, peakMiB: readPeakMiB(contestant.pid) }
  })
}

function loadOn({ name, port }: Contestant, push: Omit<LoadOptions, 'port'>): Load {
  const options = { port, ...push }
  return createLoad(options, name.endsWith('HTTP/2') ? http2Connections(options) : undefined)
}

function push(load: Load, pushing: Pushing, ms: number): Promise<LoadResult> {
  return pushing.kind === 'closed_loop'
    ? load.closedLoop(pushing.connections, ms)
    : load.openLoop(pushing.pushesASecond, ms)
}

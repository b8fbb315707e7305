import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { type Audit, createAudit } from './audit.ts'
import { createDeck } from './deck.ts'
import { createExpectedFates, type ExpectedFates } from './expected-fates.ts'
import {
  type Executioner,
  type Kill,
  type KillPoint,
  killAt,
  killPointsOf,
  stopDuringSplit,
} from './kill-points.ts'
import { GivenUpError, unlessAborted, untilDownTo } from './patience.ts'
import {
  formWeights,
  type MessagePlanner,
  messageOfEveryKind,
  poisonedMessage,
} from './planned-message.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { createRandom, type Random } from './random.ts'
import { type Scene, startScene } from './scene.ts'
import type { Stop } from './service.ts'
import { pickSetting, type Setting } from './setting.ts'
import type { Survival } from './survival.ts'
import { createWeather, type Weather } from './weather.ts'

export interface SurvivalOptions {
  /**
   * Decides the setting, the events, the faults and their order. The machine's speed decides the
   * moment at which each fault strikes.
   */
  readonly seed: number
  /** The deployment of the service; drawn from the seed when absent. */
  readonly setting?: Setting
  readonly events: number
  /** The places at which the service is killed, in this order, over the run. */
  readonly kills: readonly KillPoint[]
  /** The number of stops with SIGTERM while the service splits a batch. */
  readonly stops: number
  /** The most events stored between two faults; no faults when absent. */
  readonly calm?: number
  /** The names of the faults that may strike; all when absent. */
  readonly faults?: readonly string[]
  /** Whether the run goes on, with further events, until each fault has struck once. */
  readonly untilAllStruck?: boolean
  /** The service's entry file; this checkout's when absent. */
  readonly main?: string
  /** The time without any ack after which the run is given up. */
  readonly patienceMs: number
  /** Ends the run early: it rejects, and leaves behind only promises that wait in this process. */
  readonly signal?: AbortSignal
  /** Called with lines about the progress, for people. */
  readonly report?: (line: string) => void
}

const POISONED_EVENTS = 64
/** A shorter run has no message of several portions, which would be most of the run. */
const FEWEST_FOR_PORTIONS = 2_000
/** The share of refused messages in a setting where each of them is nacked again and again. */
const FEW_REFUSED = 0.03
const PROGRESS_EVERY_MS = 10_000

/**
 * Publishes events through the simulator to the real service in a process of its own, while faults
 * strike and the process is killed. Then it checks the fate of each event.
 */
export async function survive(options: SurvivalOptions): Promise<Survival> {
  const { seed, setting = pickSetting(seed), main } = options
  const random = createRandom(seed)
  const fates = createExpectedFates(setting)
  await using scene = await startScene({ fates, random: random.fork(), setting, main })
  const run = prepareRun(options, scene, { random, setting })
  return await unlessAborted(options.signal, () => surviveRun(run, fates))
}

function prepareRun(
  options: SurvivalOptions,
  scene: Scene,
  { random, setting }: { readonly random: Random; readonly setting: Setting },
): Run {
  const isLong = options.events >= FEWEST_FOR_PORTIONS
  const refusedShare = setting.letters === 'subscription' ? FEW_REFUSED : 1
  const planning = { scene, refusedShare }
  const planner = plannerOf(random.fork(), { ...planning, hasPortions: isLong })
  const sidePlanner = plannerOf(random.fork(), { ...planning, hasPortions: false })
  const { channels } = scene
  const { patienceMs, calm = 0 } = options
  const publisher = createPublisher({ planner, sidePlanner, channels, patienceMs })
  const names = options.faults ?? Object.keys(scene.faults)
  const faults = Object.entries(scene.faults).filter(([name]) => names.includes(name))
  const sky = { faults: Object.fromEntries(faults), watchRows: scene.watchRows }
  const weather = createWeather(sky, { random: random.fork(), calm })
  return { options, setting, scene, publisher, weather, sidePlanner, audit: createAudit() }
}

async function surviveRun(run: Run, fates: ExpectedFates): Promise<Survival> {
  const startedAt = performance.now()
  const { options, scene, publisher, weather } = run
  using _ = reportProgress(options, run, startedAt)
  const ends: Ends = { kills: [], stops: [] }
  const { kills, stops } = ends
  const stuck = await unlessGivenUp(goThrough(run, ends))
  const fairFrom = performance.now()
  const gaveUp = stuck ?? (await drain(run)) ?? (await replay(run, stops))
  const drainedInMs = performance.now() - fairFrom
  await look(run, gaveUp === undefined ? 'settled' : 'any_moment')
  stops.push(...(await scene.fleet.stop()))
  const findings = fates.findings(scene.facts)
  return {
    seed: options.seed,
    setting: run.setting,
    audit: run.audit,
    events: publisher.events(),
    messages: publisher.messages(),
    lacking: publisher.lacking(),
    findings,
    gaveUp,
    counts: scene.counts(),
    faults: weather.counts(),
    kills,
    stops,
    drainedInMs,
    tookMs: performance.now() - startedAt,
  }
}

/** Reports the progress from time to time. */
function reportProgress({ report }: SurvivalOptions, { publisher, scene }: Run, startedAt: number) {
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    report?.(
      `${seconds} s: ${publisher.events()} events published, ${scene.backlog()} messages wait`,
    )
  }, PROGRESS_EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

interface Run {
  readonly options: SurvivalOptions
  readonly setting: Setting
  readonly scene: Scene
  readonly publisher: Publisher
  readonly weather: Weather
  /** The planner for messages that are published during a kill. */
  readonly sidePlanner: () => MessagePlanner
  readonly audit: Audit
}

interface Ends {
  readonly kills: Kill[]
  readonly stops: Stop[]
}

/** Publishes all events in parts, and kills or stops the service between them. */
async function goThrough(run: Run, { kills, stops }: Ends): Promise<void> {
  const { options, setting, publisher } = run
  const possible = killPointsOf(setting)
  const points = options.kills.filter((point) => possible.includes(point))
  const ends = spread(points, options.stops)
  publisher.publish(messageOfEveryKind(run.sidePlanner()))
  for (const [done, end] of ends.entries()) {
    await publishInWeather(run, (done + 1) / (ends.length + 1))
    await look(run, 'any_moment')
    if (end === 'stop') stops.push(await stop(run))
    else kills.push(await kill(end, run))
  }
  await publishInWeather(run, 1)
}

/** Resolves with the reason for giving up, if any; rejects for any other failure. */
async function unlessGivenUp(work: Promise<void>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof GivenUpError) return `given up: ${error.message}`
    throw error
  }
}

/** Publishes under faults until this share of the run is over. */
async function publishInWeather(run: Run, share: number): Promise<void> {
  const { options, publisher, weather } = run
  if (options.calm !== undefined) weather.begin()
  try {
    await publisher.run(Math.floor(options.events * share))
    if (options.untilAllStruck) await publishUntilStruck(run, share)
  } finally {
    await weather.end()
  }
}

async function publishUntilStruck({ publisher, weather }: Run, share: number): Promise<void> {
  const enough = new AbortController()
  const traffic = publisher.keepOn(enough.signal)
  await weather.waitForStrikes(Math.ceil(weather.counts().size * share))
  enough.abort()
  await traffic
}

async function stop(run: Run): Promise<Stop> {
  const stopped = await inTraffic(run, stopDuringSplit)
  run.options.report?.(`stopped during a split, with exit code ${stopped.code}`)
  return stopped
}

async function kill(point: KillPoint, run: Run): Promise<Kill> {
  const killed = await inTraffic(run, (executioner) => killAt(point, executioner))
  run.options.report?.(`killed ${point}, with ${killed.held} pushes held`)
  return killed
}

/** Kills or stops the service while small messages are published. */
async function inTraffic<T>(
  { scene, publisher, sidePlanner }: Run,
  endService: (executioner: Executioner) => Promise<T>,
): Promise<T> {
  const enough = new AbortController()
  const service = scene.fleet.single()
  const letters = scene.store.holdFor(service.disk)
  const traffic = publisher.keepOn(enough.signal)
  try {
    return await endService({ ...scene, service, letters, publishPoison })
  } finally {
    scene.fleet.spread()
    enough.abort()
    await traffic
  }

  function publishPoison(): (row: Row) => boolean {
    const message = poisonedMessage(sidePlanner(), POISONED_EVENTS)
    const marks = new Set(message.outcomes.map(({ mark }) => mark))
    publisher.publish(message)
    return ({ properties }) => marks.has(String(properties.mark))
  }
}

/**
 * Mends the faults that can be mended, and publishes the letters again among other messages:
 * Pub/Sub would slow a topic of refused messages only. A replay makes rows of mended events, and no
 * others.
 */
async function replay(run: Run, stops: Stop[]): Promise<string | undefined> {
  const { setting, scene, publisher, options } = run
  if (setting.letters === 'file') return undefined
  await look(run, 'settled')
  if (setting.letters === 'topic') stops.push(...(await scene.mend()))
  const enough = new AbortController()
  const traffic = publisher.keepOn(enough.signal)
  const replayed = scene.replay()
  options.report?.(`published ${replayed} messages again, mended or not`)
  await untilDownTo(0, scene.replaying, options.patienceMs)
  enough.abort()
  await traffic
  return drain(run)
}

async function look({ scene, audit }: Run, at: 'any_moment' | 'settled'): Promise<void> {
  await Promise.all(scene.fleet.instances.map((instance) => audit.look(instance, at)))
}

/** Resolves when all is acked, or with the reason for giving up. */
async function drain({ scene, options }: Run): Promise<string | undefined> {
  const { backlog } = scene
  const { patienceMs } = options
  if (await untilDownTo(0, backlog, patienceMs)) return undefined
  return `given up: ${backlog()} messages are not acked, and none was for ${patienceMs} ms`
}

/** Distributes the stops evenly among the kills. */
function spread(kills: readonly KillPoint[], stops: number): readonly ('stop' | KillPoint)[] {
  const ends: ('stop' | KillPoint)[] = [...kills]
  for (let at = 0; at < stops; at += 1) {
    ends.splice(Math.floor(((at + 1) * ends.length) / (stops + 1)), 0, 'stop')
  }
  return ends
}

function plannerOf(
  random: Random,
  options: { readonly scene: Scene; readonly refusedShare: number; readonly hasPortions: boolean },
): () => MessagePlanner {
  const { scene } = options
  const forms = createDeck(formWeights(options), random.fork())
  const { nextMark, facts, time } = scene
  // Letters are over once the faults are mended.
  const refusedShare = () => (facts.isMended() ? 0 : options.refusedShare)
  return () => ({ random, now: time.now(), nextMark, refusedShare: refusedShare(), forms })
}

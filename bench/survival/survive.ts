import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { type Books, createBooks } from './books.ts'
import {
  type Executioner,
  type Kill,
  type KillPoint,
  killAt,
  stopDuringSplit,
} from './kill-points.ts'
import { unlessAborted, untilDownTo } from './patience.ts'
import type { Planner } from './planned-event.ts'
import { messageOfEveryKind, poisonedMessage } from './planned-message.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { createRandom, type Random } from './random.ts'
import type { Survival } from './report.ts'
import { type Scene, startScene } from './scene.ts'
import { createWeather, type Weather } from './weather.ts'

export interface SurvivalOptions {
  /** Decides the events, the faults and their order. When exactly each strikes is the machine's. */
  readonly seed: number
  readonly events: number
  /** Where the service is killed, in this order, over the run. */
  readonly kills: readonly KillPoint[]
  /** How often it is stopped with SIGTERM, while it splits a batch. */
  readonly stops: number
  /** Between two faults, at the most, in events stored; no faults when absent. */
  readonly calm?: number
  /** The service's entry file; that of this checkout when absent. */
  readonly main?: string
  /** The run is given up when no message is acked for so long. */
  readonly patienceMs: number
  /** Ends the run early: it rejects, and leaves nothing behind but what waits in this process. */
  readonly signal?: AbortSignal
  /** Told how it goes, for people. */
  readonly told?: (line: string) => void
}

const POISONED_EVENTS = 64
const PROGRESS_EVERY_MS = 10_000

/**
 * Publishes events through the simulator to the real service in a process of its own, while faults
 * strike and the process is killed; then proves what became of each of them.
 */
export async function survive(options: SurvivalOptions): Promise<Survival> {
  const random = createRandom(options.seed)
  const books = createBooks()
  await using scene = await startScene({ books, random: random.fork(), main: options.main })
  const run = prepareRun(options, scene, random)
  return await unlessAborted(options.signal, () => surviveRun(run, books))
}

function prepareRun(options: SurvivalOptions, scene: Scene, random: Random): Run {
  const planner = plannerOf(random.fork(), scene)
  const sidePlanner = plannerOf(random.fork(), scene)
  const { channels } = scene
  const { patienceMs, calm = 0 } = options
  const publisher = createPublisher({ planner, sidePlanner, channels, patienceMs })
  const weather = createWeather(scene, { random: random.fork(), calm })
  return { options, scene, publisher, weather, sidePlanner }
}

async function surviveRun(run: Run, books: Books): Promise<Survival> {
  const startedAt = performance.now()
  const { options, scene, publisher, weather } = run
  using _ = tellProgress(options, run, startedAt)
  const { kills, stops } = await goThrough(run)
  const fairFrom = performance.now()
  const gaveUp = await drain(scene, options.patienceMs)
  const drainedInMs = performance.now() - fairFrom
  stops.push(await scene.service.stop())
  const findings = books.findings(scene.facts)
  return {
    seed: options.seed,
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

/** Says from time to time how far it is. */
function tellProgress({ told }: SurvivalOptions, { publisher, scene }: Run, startedAt: number) {
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    told?.(`${seconds} s: ${publisher.events()} events published, ${scene.backlog()} messages wait`)
  }, PROGRESS_EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

interface Run {
  readonly options: SurvivalOptions
  readonly scene: Scene
  readonly publisher: Publisher
  readonly weather: Weather
  /** For what is published when a kill is under way. */
  readonly sidePlanner: () => Planner
}

interface Ends {
  readonly kills: readonly Kill[]
  readonly stops: (number | undefined)[]
}

/** Publishes all, and between one part and the next ends the service in one way or the other. */
async function goThrough(run: Run): Promise<Ends> {
  const { options, publisher } = run
  const kills: Kill[] = []
  const stops: (number | undefined)[] = []
  const ends = spread(options.kills, options.stops)
  publisher.publish(messageOfEveryKind(run.sidePlanner()))
  for (const [done, end] of ends.entries()) {
    await publishInWeather(run, Math.floor((options.events * (done + 1)) / (ends.length + 1)))
    if (end === 'stop') stops.push(await stop(run))
    else kills.push(await kill(end, run))
  }
  await publisher.run(options.events)
  return { kills, stops }
}

async function publishInWeather({ options, publisher, weather }: Run, events: number) {
  if (options.calm !== undefined) weather.begin()
  try {
    await publisher.run(events)
  } finally {
    await weather.end()
  }
}

async function stop(run: Run): Promise<number | undefined> {
  const code = await inTraffic(run, stopDuringSplit)
  run.options.told?.(`stopped during a split, with exit code ${code}`)
  return code
}

async function kill(point: KillPoint, run: Run): Promise<Kill> {
  const killed = await inTraffic(run, (executioner) => killAt(point, executioner))
  run.options.told?.(`killed ${point}, with ${killed.held} pushes held`)
  return killed
}

/** Ends the service one way or the other while small messages are published. */
async function inTraffic<T>(
  { scene, publisher, sidePlanner }: Run,
  endService: (executioner: Executioner) => Promise<T>,
): Promise<T> {
  const enough = new AbortController()
  const traffic = publisher.keepOn(enough.signal)
  try {
    return await endService({ ...scene, publishPoison })
  } finally {
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

/** Resolves when all is acked, or with why it was given up. */
async function drain({ backlog }: Scene, patienceMs: number): Promise<string | undefined> {
  if (await untilDownTo(0, backlog, patienceMs)) return undefined
  return `given up: ${backlog()} messages are not acked, and none was for ${patienceMs} ms`
}

/** The stops among the kills, evenly. */
function spread(kills: readonly KillPoint[], stops: number): readonly ('stop' | KillPoint)[] {
  const ends: ('stop' | KillPoint)[] = [...kills]
  for (let at = 0; at < stops; at += 1) {
    ends.splice(Math.floor(((at + 1) * ends.length) / (stops + 1)), 0, 'stop')
  }
  return ends
}

function plannerOf(random: Random, scene: Scene): () => Planner {
  return () => ({ random, now: scene.time.now(), nextMark: scene.nextMark })
}

import type { Row } from '../../src/local/mixpanel/row-store.ts'
import { createBooks } from './books.ts'
import { type Kill, type KillPoint, killAt } from './kill-points.ts'
import { until } from './patience.ts'
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
  /** How often it is stopped with SIGTERM. */
  readonly stops: number
  /** Between two faults, at the most, in imports that went well; no faults when absent. */
  readonly calm?: number
  /** The service's entry file; that of this checkout when absent. */
  readonly main?: string
  /** The run is given up when no message is acked for so long. */
  readonly patienceMs: number
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
  const startedAt = performance.now()
  const random = createRandom(options.seed)
  const books = createBooks()
  await using scene = await startScene({ books, random: random.fork(), main: options.main })
  const planner = plannerOf(random.fork(), scene)
  const publisher = createPublisher({ planner, channels: scene.channels })
  const weather = createWeather(scene, {
    random: random.fork(),
    calm: options.calm ?? 0,
  })

  const run = { options, scene, publisher, weather, poisonPlanner: plannerOf(random.fork(), scene) }
  using _ = tellProgress(options, run, startedAt)
  const { kills, stops } = await goThrough(run, planner())
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
  /** Drawn from when a kill is under way, so that the other events stay those of the seed. */
  readonly poisonPlanner: () => Planner
}

interface Ends {
  readonly kills: readonly Kill[]
  readonly stops: (number | undefined)[]
}

/** Publishes all, and between one part and the next ends the service in one way or the other. */
async function goThrough(run: Run, planner: Planner): Promise<Ends> {
  const { options, publisher, weather } = run
  const kills: Kill[] = []
  const stops: (number | undefined)[] = []
  const ends = spread(options.kills, options.stops)
  publisher.publish(messageOfEveryKind(planner))
  for (const [done, end] of ends.entries()) {
    const part = publisher.run(Math.floor((options.events * (done + 1)) / (ends.length + 1)))
    if (options.calm !== undefined) weather.begin()
    await part
    await weather.end()
    if (end === 'stop') stops.push(await restart(run.scene))
    else kills.push(await kill(end, run))
  }
  await publisher.run(options.events)
  return { kills, stops }
}

async function restart({ service }: Scene): Promise<number | undefined> {
  const code = await service.stop()
  await service.start()
  return code
}

async function kill(
  point: KillPoint,
  { scene, publisher, poisonPlanner, options }: Run,
): Promise<Kill> {
  const enough = new AbortController()
  const traffic = publisher.keepOn(enough.signal)
  const killed = await killAt(point, { ...scene, publishPoison })
  enough.abort()
  await traffic
  options.told?.(`killed ${point}, with ${killed.held} pushes held`)
  return killed

  function publishPoison(): (row: Row) => boolean {
    const message = poisonedMessage(poisonPlanner(), POISONED_EVENTS)
    const marks = new Set(message.outcomes.map(({ mark }) => mark))
    publisher.publish(message)
    return ({ properties }) => marks.has(String(properties.mark))
  }
}

/** Resolves when all is acked, or with why it was given up. */
async function drain({ backlog }: Scene, patienceMs: number): Promise<string | undefined> {
  for (let left = backlog(); left > 0; ) {
    const before = left
    if (!(await until(() => backlog() < before, patienceMs))) {
      return `given up: ${left} messages are not acked, and none was for ${patienceMs} ms`
    }
    left = backlog()
  }
  return undefined
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

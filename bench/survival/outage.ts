import { createExpectedFates, type ExpectedFates } from './expected-fates.ts'
import { pause, unlessAborted, until } from './patience.ts'
import { plainMessage } from './planned-message.ts'
import { createRandom, type Random } from './random.ts'
import { type Scene, SPEED, startScene } from './scene.ts'
import { PLAIN_SETTING } from './setting.ts'

/** The drain of a backlog after an outage of Mixpanel. */
export interface Drained {
  /** The number of events that waited when the outage was over. */
  readonly events: number
  /** The stand-in's quota, in events a second over a rolling minute. */
  readonly quota: number
  /** The time from the first import after the outage to the last, in ms. */
  readonly tookMs: number
  readonly lost: number
  readonly doubled: number
}

export interface OutageOptions {
  readonly seed: number
  readonly events: number
  readonly quota: number
  /** Ends the run early: it rejects, and leaves no process and no file behind. */
  readonly signal: AbortSignal
}

const EVENTS_A_MESSAGE = 10
/** In the world's time. The push back-off is at its longest by then. */
const OUTAGE_MS = 5 * 60_000
/** Two windows of the quota: the second is full, and the service has found its rate. */
const WARM_UP_MS = 130_000
const MOST_AHEAD = 600
const LOOK_AGAIN_MS = 20
const PATIENCE_MS = 300_000

/**
 * Sends at the quota for two minutes, and then makes Mixpanel fail for five minutes of Pub/Sub's
 * time while a backlog builds up. Measures how fast the backlog drains. The quota's minute is real
 * time, as the service assumes: its window is still full of events sent before the outage.
 */
export async function drainAfterOutage(options: OutageOptions): Promise<Drained> {
  const setting = PLAIN_SETTING
  const fates = createExpectedFates(setting)
  const random = createRandom(options.seed)
  await using scene = await startScene({ fates, random: random.fork(), setting })
  return await unlessAborted(options.signal, () => measureDrain(options, { scene, fates, random }))
}

interface OutageDeps {
  readonly scene: Scene
  readonly fates: ExpectedFates
  readonly random: Random
}

async function measureDrain(
  { events, quota }: OutageOptions,
  { scene, fates, random }: OutageDeps,
): Promise<Drained> {
  const { mixpanel, time, channels, backlog } = scene
  mixpanel.limitTo({ events: quota * 60, windowMs: 60_000 * SPEED })

  const warmAt = performance.now() + WARM_UP_MS
  while (performance.now() < warmAt) {
    while (backlog() < MOST_AHEAD) publish(EVENTS_A_MESSAGE)
    await pause(LOOK_AGAIN_MS)
  }
  await allIsAcked()
  mixpanel.answerAlways({ kind: 'status', status: 503, body: 'down' })
  publish(events)
  await time.wait(OUTAGE_MS)

  let [first, last] = [0, 0]
  scene.watchRows((rows) => {
    if (rows.length === 0) return
    last = performance.now()
    first ||= last
  })
  mixpanel.answerNormally()
  await allIsAcked()
  const { lost, doubled } = fates.findings(scene.facts)
  return { events, quota, tookMs: last - first, lost: lost.length, doubled: doubled.length }

  function publish(count: number): void {
    const planner = { random, now: time.now(), nextMark: scene.nextMark }
    const [channel] = channels
    for (let at = 0; at < count; at += EVENTS_A_MESSAGE) {
      channel?.publish([plainMessage(planner, EVENTS_A_MESSAGE)])
    }
  }

  async function allIsAcked(): Promise<void> {
    if (await until(() => backlog() === 0, PATIENCE_MS)) return
    throw new Error(`${backlog()} messages were not acked in ${PATIENCE_MS} ms`)
  }
}

/** The rate of the drain, as a share of the quota. */
export function shareOfQuota({ events, quota, tookMs }: Drained): number {
  return events / ((quota * tookMs) / 1_000)
}

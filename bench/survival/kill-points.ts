import type { Row } from '../../src/local/mixpanel/row-store.ts'
import type { MixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import type { WorldTime } from '../../src/local/world-time.ts'
import { until } from './patience.ts'
import type { RestartingService, Stop } from './service.ts'
import type { Setting } from './setting.ts'

/** The places on the path of a message at which a process is killed. */
export const KILL_POINTS = [
  'after the import, before the ack',
  'after the dead letter, before the ack',
  'during a split',
  'during a drain',
] as const

export type KillPoint = (typeof KILL_POINTS)[number]

/** The kill points of a setting. A service that stores no letters has no point at a letter. */
export function killPointsOf({ letters }: Setting): readonly KillPoint[] {
  if (letters !== 'subscription') return KILL_POINTS
  return KILL_POINTS.filter((point) => point !== 'after the dead letter, before the ack')
}

/** The result of one attempt to kill. */
export interface Kill {
  readonly point: KillPoint
  /** The number of pushes that waited for their answer when the process was killed. */
  readonly held: number
}

/** A hold on the service after its letters are stored, before it learns so. */
export interface LetterHold {
  hold(): void
  /** Whether letters of the service have been stored since `hold`. */
  isHolding(): boolean
  letGo(): void
}

/** The means to bring an instance of the service to a point and kill it there. */
export interface Executioner {
  readonly mixpanel: MixpanelStandIn
  readonly letters: LetterHold
  /** The instance that all pushes go to. */
  readonly service: RestartingService
  readonly time: Pick<WorldTime, 'now'>
  /** The number of pushes that wait for their answer now. */
  held(): number
  /** The number that may wait, in the subscription with enough messages to fill its window. */
  window(): number
  /** Publishes a message with a poison event; returns a test for the rows of that message. */
  publishPoison(): (row: Row) => boolean
  /** Calls `watch` with the rows stored from now on; returns how to stop. */
  watchRows(watch: (rows: readonly Row[]) => void): () => void
}

/** The least number of pushes to hold. */
const FEWEST_HELD = 50
/** Enough for the window of pushes to grow again after a fault. */
const PATIENCE_MS = 60_000
/** Well within the ack deadline, past which a held push is answered. */
const HOLD_MS = 4_000

/**
 * Brings the service to this point with at least 50 pushes held, kills it there with SIGKILL, and
 * starts it again. Rejects when the point is not reached.
 */
export async function killAt(point: KillPoint, by: Executioner): Promise<Kill> {
  const held = await bringTo(point, by)
  await by.service.kill()
  letGo(by)
  await by.service.start()
  return { point, held }
}

/**
 * Sends SIGTERM while a batch is being split, with at least 50 pushes held. Then it lets the
 * service go on, and starts it again. Rejects when the point is not reached.
 */
export async function stopDuringSplit(by: Executioner): Promise<Stop> {
  await bringTo('during a split', by)
  await by.service.beginDrain()
  letGo(by)
  const stopped = await by.service.stop()
  await by.service.start()
  return stopped
}

/** Tries until it succeeds or `PATIENCE_MS` is over; resolves with the number of held pushes. */
async function bringTo(point: KillPoint, by: Executioner): Promise<number> {
  const giveUpAt = performance.now() + PATIENCE_MS
  while (performance.now() < giveUpAt) {
    await until(() => by.window() > FEWEST_HELD, PATIENCE_MS)
    const held = await reach(point, by)
    if (held !== undefined) return held
    letGo(by)
    await until(() => by.held() === 0, HOLD_MS)
  }
  throw new Error(`the service could not be brought to this point: ${point}`)
}

/** Resolves with the number of pushes held at the point, or `undefined` when it was missed. */
function reach(point: KillPoint, by: Executioner): Promise<number | undefined> {
  switch (point) {
    case 'after the import, before the ack':
      return afterImport(by)
    case 'after the dead letter, before the ack':
      return afterLetter(by)
    case 'during a split':
      return duringSplit(by)
    case 'during a drain':
      return duringDrain(by)
  }
}

/** Waits until Mixpanel has stored a request and holds its answer. */
function afterImport(by: Executioner): Promise<number | undefined> {
  const since = by.time.now()
  by.mixpanel.answerAlways({ kind: 'gate' })
  return heldOnce(by, () => hasStoredUnanswered(by.mixpanel, since))
}

/** Waits until letters are stored, while the process learns neither that nor what is imported. */
async function afterLetter(by: Executioner): Promise<number | undefined> {
  by.letters.hold()
  if (!(await until(() => by.letters.isHolding(), HOLD_MS))) return undefined
  by.mixpanel.answerAlways({ kind: 'gate' })
  return heldOnce(by, () => by.letters.isHolding())
}

/** Waits until a batch is refused and one part of it stored, with the other answers held. */
async function duringSplit(by: Executioner): Promise<number | undefined> {
  let deps = 0
  const since = by.time.now()
  const isOfPoisoned = by.publishPoison()
  const stop = by.watchRows((rows) => {
    if (!rows.some(isOfPoisoned) || !hasRefusedWhole(by.mixpanel, since)) return
    deps += 1
    by.mixpanel.answerAlways({ kind: 'gate' })
  })
  return heldOnce(by, () => deps > 0).finally(stop)
}

/** Waits until the process says, after SIGTERM, that it drains, and Mixpanel holds its answers. */
async function duringDrain(by: Executioner): Promise<number | undefined> {
  const held = await afterImport(by)
  if (held === undefined) return undefined
  await by.service.beginDrain()
  if (by.held() >= FEWEST_HELD) return by.held()
  await by.service.kill()
  await by.service.start()
  return undefined
}

/** Whether Mixpanel has stored rows and not sent the answer. */
function hasStoredUnanswered(mixpanel: MixpanelStandIn, since: number): boolean {
  return mixpanel.requests().some(({ status, stored = 0, receivedAt }) => {
    return receivedAt >= since && status === undefined && stored > 0
  })
}

function hasRefusedWhole(mixpanel: MixpanelStandIn, since: number): boolean {
  return mixpanel.requests().some(({ status, events, stored, receivedAt }) => {
    return receivedAt >= since && status === 400 && events > 1 && stored === 0
  })
}

async function heldOnce(by: Executioner, isThere: () => boolean): Promise<number | undefined> {
  const reached = await until(() => isThere() && by.held() >= FEWEST_HELD, HOLD_MS)
  return reached ? by.held() : undefined
}

function letGo({ mixpanel, letters }: Executioner): void {
  letters.letGo()
  mixpanel.release()
}

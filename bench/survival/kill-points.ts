import type { Row } from '../../src/local/mixpanel/row-store.ts'
import type { MixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import type { WorldTime } from '../../src/local/world-time.ts'
import { until } from './patience.ts'
import type { RestartingService } from './service.ts'
import type { Setting } from './setting.ts'

/** The places on the path of a message at which a process is killed. */
export const KILL_POINTS = [
  'after the import, before the ack',
  'after the dead letter, before the ack',
  'during a split',
  'during a drain',
] as const

export type KillPoint = (typeof KILL_POINTS)[number]

/** The points that there are in a setting: not every service stores letters. */
export function killPointsOf({ letters }: Setting): readonly KillPoint[] {
  if (letters !== 'subscription') return KILL_POINTS
  return KILL_POINTS.filter((point) => point !== 'after the dead letter, before the ack')
}

/** How one attempt to kill went. */
export interface Kill {
  readonly point: KillPoint
  /** Pushes that waited for their answer as the process was killed. */
  readonly held: number
}

/** What holds the service where its letters are stored and it is not told so. */
export interface LetterHold {
  hold(): void
  /** Whether letters of the service are stored since. */
  isHolding(): boolean
  letGo(): void
}

/** What it takes to bring an instance of the service to a point and kill it there. */
export interface Executioner {
  readonly mixpanel: MixpanelStandIn
  readonly letters: LetterHold
  /** The instance that all pushes go to. */
  readonly service: RestartingService
  readonly time: Pick<WorldTime, 'now'>
  /** Pushes that wait for their answer at this moment. */
  held(): number
  /** How many may, of the subscription that has enough to fill its window. */
  window(): number
  /** Publishes a message with a poison event in it, and returns whether a row is of that message. */
  publishPoison(): (row: Row) => boolean
  /** Called with what is stored from now on; returns how to stop that. */
  watchRows(watch: (rows: readonly Row[]) => void): () => void
}

/** So many pushes are to be held at the least. */
const FEWEST_HELD = 50
/** For the window of pushes to grow again after a fault. */
const PATIENCE_MS = 60_000
/** Well within the ack deadline: what is held longer has been answered by then. */
const HOLD_MS = 4_000

/**
 * Brings the service to this point with at least 50 pushes held, kills it there with SIGKILL, and
 * starts it anew. Rejects when the point is not reached.
 */
export async function killAt(point: KillPoint, by: Executioner): Promise<Kill> {
  const held = await bringTo(point, by)
  await by.service.kill()
  letGo(by)
  await by.service.start()
  return { point, held }
}

/**
 * Sends SIGTERM while a batch is being split, with at least 50 pushes held, lets it go on, and starts
 * the service anew; resolves with its exit code. Rejects when the point is not reached.
 */
export async function stopDuringSplit(by: Executioner): Promise<number | undefined> {
  await bringTo('during a split', by)
  await by.service.beginDrain()
  letGo(by)
  const code = await by.service.stop()
  await by.service.start()
  return code
}

/** Tries until it succeeds, or for so long; resolves with how many pushes are held. */
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

/** Resolves with how many pushes are held at the point, or `undefined` when it was missed. */
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

/** Mixpanel stores what it is sent, and holds its answers. */
function afterImport(by: Executioner): Promise<number | undefined> {
  const since = by.time.now()
  by.mixpanel.answerAlways({ kind: 'gate' })
  return heldOnce(by, () => hasStoredUntold(by.mixpanel, since))
}

/** The letters are stored, and the process is not told so; nor is it told of what is imported. */
async function afterLetter(by: Executioner): Promise<number | undefined> {
  by.letters.hold()
  if (!(await until(() => by.letters.isHolding(), HOLD_MS))) return undefined
  by.mixpanel.answerAlways({ kind: 'gate' })
  return heldOnce(by, () => by.letters.isHolding())
}

/** A batch has been refused and one part of it is stored; the answers to the others are held. */
async function duringSplit(by: Executioner): Promise<number | undefined> {
  let parts = 0
  const since = by.time.now()
  const isOfPoisoned = by.publishPoison()
  const stop = by.watchRows((rows) => {
    if (!rows.some(isOfPoisoned) || !hasRefusedWhole(by.mixpanel, since)) return
    parts += 1
    by.mixpanel.answerAlways({ kind: 'gate' })
  })
  return heldOnce(by, () => parts > 0).finally(stop)
}

/** SIGTERM has come, the process says that it drains, and Mixpanel holds its answers. */
async function duringDrain(by: Executioner): Promise<number | undefined> {
  const held = await afterImport(by)
  if (held === undefined) return undefined
  await by.service.beginDrain()
  if (by.held() >= FEWEST_HELD) return by.held()
  await by.service.kill()
  await by.service.start()
  return undefined
}

/** Whether something has been stored and the answer that says so not been sent. */
function hasStoredUntold(mixpanel: MixpanelStandIn, since: number): boolean {
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

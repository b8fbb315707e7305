import type { Clock } from '../lib/clock.ts'
import { rejected, retry } from '../model/outcome.ts'
import type { PendingEvent } from '../model/pending-event.ts'
import type { IsAccessRefused } from './access.ts'
import type { Gate } from './gate.ts'
import type { Holding } from './holding.ts'
import type { Refusals } from './refusals.ts'
import { settleEvents } from './settle-events.ts'
import type { Trust } from './trust.ts'
import type { Refusal } from './unnamed-refusal.ts'

/** A batch of which Mixpanel imported nothing, and named no event that is at fault. */
export interface RefusedBatch {
  readonly kind: 'refused'
  readonly batch: readonly PendingEvent[]
  readonly refusal: Refusal
}

/**
 * The result of a delivery. The caller has nothing left to do for a batch that is handled: its
 * events have their outcomes, or are held as suspects until their deadline, or wait for another
 * slot.
 */
export type Delivered = RefusedBatch | Readonly<{ kind: 'handled'; imported: boolean }>

export interface BisectDeps {
  /** Sends a batch, and a single event twice. Nothing is left to do for a batch that is handled. */
  readonly deliver: (batch: readonly PendingEvent[]) => Promise<Delivered>
  readonly trust: Pick<Trust, 'hasImportedSince' | 'spend' | 'suspect'>
  readonly refusals: Pick<Refusals, 'countDelivery' | 'noteBisection' | 'requestsBefore'>
  readonly isAccessRefused: IsAccessRefused
  readonly holding: Pick<Holding, 'hold'>
  readonly gate: Pick<Gate, 'draining' | 'suspect'>
  readonly clock: Pick<Clock, 'monotonic'>
  /** Returns a number in [0, 1): it decides which half is sent first. */
  readonly random: () => number
  /** Called with the number of events that were refused without a name and not rejected. */
  readonly suspected: (events: number) => void
}

/** A part of a batch that is refused. */
interface Part {
  readonly batch: readonly PendingEvent[]
  readonly refusal: Refusal
  /** The number of refused requests of the bisection that held its events. */
  readonly refusals: number
  /** The beginning of the turn in which exactly this part was refused. */
  readonly since: number
}

/** A part to be sent, with the facts about its events. */
interface Trial extends Pick<Part, 'batch' | 'refusals'> {
  readonly since?: number
}

/** The work that is left of a bisection. */
interface Rest {
  /** The parts to be halved; the smallest last. */
  divisible: Part[]
  /** The single events that are to be sent again. */
  doubtful: Part[]
  /** The single events of which it is not proven yet that they are at fault. */
  indivisible: Part[]
  /** Whether an event of the bisection was imported, now or in an earlier delivery. */
  hasNeighbours: boolean
  /** The beginning of the last turn in which one was imported. */
  importedSince: number
  /** The number of refusals since the last import. */
  refusals: number
}

/** A size below which no event or batch is too large for Mixpanel, whatever an answer says. */
const LARGE_BYTES = 100_000
/**
 * Parts up to this size are remembered event by event when refused, because a bisection may end
 * with such a part.
 */
const FEW = 16
/**
 * The refusals after which only one part is halved at a time. Before that, all parts are halved, to
 * an eighth: most often one can be imported.
 */
const BROAD_REFUSALS = 2 + 4 + 8
/** The most parts halved at a time, while others of the bisection are imported. */
const MOST_AT_ONCE = 32
/** The tries beyond those and the way down to a single event. */
const MORE_TRIES = 8
/**
 * The requests of a bisection that must have refused an event. If 30 % fail at random, 0.02 % of
 * events meet seven.
 */
const REFUSALS_BELIEVED = 7
/** The deliveries that must have refused an event that has no neighbours. Each sends it twice. */
const DELIVERIES_BELIEVED = 3

/**
 * Makes a function that halves a refused batch until each event at fault stands alone and is
 * rejected. The others are imported. When nothing of the batch is imported, the fault may be
 * Mixpanel's. An event is then rejected only when a third delivery refuses it, with imports
 * between, and the others go back.
 */
export function createBisect(deps: BisectDeps): (refused: RefusedBatch) => Promise<void> {
  const { deliver, trust, gate, clock, random } = deps

  return bisect

  async function bisect({ batch, refusal }: RefusedBatch): Promise<void> {
    const startedAt = clock.monotonic()
    const before = batch.length <= FEW ? deps.refusals.requestsBefore(batch) : 0
    const rest = createRest(before > 0)
    rejectOrKeep({ batch, refusal, refusals: before + refusalsOf(batch), since: startedAt }, rest)
    settleProven(rest)
    const mostRefusals = BROAD_REFUSALS + 2 * Math.ceil(Math.log2(batch.length)) + MORE_TRIES

    let turnBefore = startedAt

    while (isUnfinished(rest) && !gate.draining() && rest.refusals < mostRefusals) {
      const since = clock.monotonic()
      const refused = await tryParts(takeTurn(rest), rest, since)
      if (refused && deps.isAccessRefused(batch, refused, startedAt)) return deliverAgain(rest)
      // The parts of a turn take the slots, so an import of other batches may end only after the
      // turn.
      if (trust.hasImportedSince(turnBefore)) rest.refusals = 0
      turnBefore = since
      settleProven(rest)
      noteRefused(rest)
    }
    settleRest(rest, startedAt)
  }

  /** Sends parts. Returns the refusals when all parts are refused. */
  async function tryParts(
    turn: readonly Trial[],
    rest: Rest,
    since: number,
  ): Promise<readonly Refusal[] | undefined> {
    const ends = await Promise.all(turn.map(({ batch }) => deliver(batch)))
    const refusals: Refusal[] = []
    for (const [index, trial] of turn.entries()) {
      const end = ends[index]
      if (end?.kind === 'handled' && end.imported) noteImport(rest, since)
      if (end?.kind !== 'refused') continue
      refusals.push(end.refusal)
      rejectOrKeep(partOf(end, trial, since), rest)
    }
    return refusals.length === turn.length ? refusals : undefined
  }

  function takeTurn(rest: Rest): readonly Trial[] {
    const divisible = rest.divisible.splice(-widthOf(rest))
    return [...rest.doubtful.splice(0), ...divisible.flatMap(halvesOf)]
  }

  /**
   * Returns the halves in random order. In a fixed order, a batch could fail in the same way again
   * and again.
   */
  function halvesOf({ batch, refusals }: Part): readonly Trial[] {
    const middle = Math.ceil(batch.length / 2)
    const halves = [batch.slice(0, middle), batch.slice(middle)]
    if (random() >= 0.5) halves.reverse()
    return halves.map((half) => ({ batch: half, refusals }))
  }

  /**
   * Settles events whose fault is proven. An import of the bisection proves that its other events
   * can be imported, if it was sent no sooner than the request that refused this event: a fault of
   * Mixpanel may begin during a bisection.
   */
  function settleProven(rest: Rest): void {
    if (!rest.hasNeighbours) return
    for (const part of rest.indivisible.splice(0)) {
      if (!isBelievable(part)) rest.doubtful.push(part)
      else if (rest.importedSince >= part.since) reject(part)
      else rest.indivisible.push(part)
    }
  }

  function noteRefused(rest: Rest): void {
    if (!rest.hasNeighbours) return
    for (const { batch, refusals } of partsIn(rest)) {
      if (batch.length <= FEW) deps.refusals.noteBisection(batch, refusals)
    }
  }

  function settleRest(rest: Rest, startedAt: number): void {
    const left = partsIn(rest)
    if (gate.draining()) {
      for (const { batch } of left) settleEvents(batch, retry('draining'))
      return
    }
    const suspects = left.filter((part) => !isBelieved(part, rest))
    if (suspects.length > 0) suspectAll(suspects, startedAt)
  }

  /**
   * Whether the refusal of a part is believed. The last events of a bisection may stand together,
   * with no good event between them: an import gives trust in ten.
   */
  function isBelieved(part: Part, rest: Rest): boolean {
    const [event, ...others] = part.batch
    if (!event || others.length > 0) return false
    const isTrusted = rest.hasNeighbours && isBelievable(part) && trust.spend()
    if (!isTrusted && deps.refusals.countDelivery(event) < DELIVERIES_BELIEVED) return false
    reject(part)
    return true
  }

  function suspectAll(suspects: readonly Part[], startedAt: number): void {
    const isAlone = trust.suspect(startedAt, clock.monotonic())
    if (isAlone) gate.suspect()
    const batch = suspects.flatMap((part) => part.batch)
    deps.suspected(batch.length)
    deps.holding.hold(batch)
  }

  /**
   * Sends all parts again. The gate lets them pass as a probe, or after another probe was imported,
   * or they go back.
   */
  async function deliverAgain(rest: Rest): Promise<void> {
    const end = await deliver(partsIn(rest).flatMap(({ batch }) => batch))
    if (end.kind === 'refused') await bisect(end)
  }
}

/**
 * Returns the number of parts that are halved at a time. The smallest go first, so that some are
 * finished when time is short. There are few while nothing of the bisection was imported, and soon
 * only one.
 */
function widthOf({ hasNeighbours, refusals }: Rest): number {
  if (refusals >= BROAD_REFUSALS) return 1
  return hasNeighbours ? MOST_AT_ONCE : BROAD_REFUSALS / 2
}

function createRest(hasNeighbours: boolean): Rest {
  const importedSince = Number.NEGATIVE_INFINITY
  const parts = { divisible: [], doubtful: [], indivisible: [] }
  return { ...parts, hasNeighbours, importedSince, refusals: 0 }
}

function partsIn({ divisible, doubtful, indivisible }: Rest): readonly Part[] {
  return [...divisible, ...doubtful, ...indivisible]
}

function noteImport(rest: Rest, since: number): void {
  rest.hasNeighbours = true
  rest.importedSince = since
}

function isUnfinished({ divisible, doubtful }: Rest): boolean {
  return divisible.length > 0 || doubtful.length > 0
}

function partOf({ batch, refusal }: RefusedBatch, trial: Trial, since: number): Part {
  const refusals = trial.refusals + refusalsOf(batch)
  return { batch, refusal, refusals, since: trial.since ?? since }
}

/** Returns the number of requests that refused a batch. A single event is sent twice. */
function refusalsOf({ length }: readonly PendingEvent[]): number {
  return length === 1 ? 2 : 1
}

/** Rejects a single event that is certainly at fault, and keeps any other part among the rest. */
function rejectOrKeep(part: Part, rest: Rest): void {
  if (!isCertain(part)) rest.refusals += 1
  if (part.batch.length > 1) rest.divisible.push(part)
  else if (isCertain(part)) reject(part)
  else rest.indivisible.push(part)
}

/**
 * Whether a refusal is no accident: Mixpanel calls the event too large, or enough requests refused
 * it.
 */
function isBelievable({ refusal, refusals }: Part): boolean {
  return refusal.certain || refusals >= REFUSALS_BELIEVED
}

function reject({ batch, refusal }: Part): void {
  settleEvents(batch, rejected(refusal.reason, refusal.detail))
}

/**
 * Whether Mixpanel certainly refuses a part. Mixpanel accepts up to 1 MB, so a "too large" answer
 * for a small batch is the sender's error, not the event's.
 */
function isCertain({ batch, refusal }: Part): boolean {
  return (
    refusal.certain &&
    batch.reduce((bytes, { prepared }) => bytes + prepared.bytes, 0) >= LARGE_BYTES
  )
}

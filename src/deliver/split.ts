import type { Clock } from '../lib/clock.ts'
import type { Traveller } from '../model/journey.ts'
import { rejected, retry } from '../model/outcome.ts'
import type { Gate } from './gate.ts'
import type { Standing } from './standing.ts'
import { tellAll } from './tell.ts'
import type { Refusal } from './verdict.ts'

/** A batch of which Mixpanel imported nothing, and named no event that is at fault. */
export interface RefusedBatch {
  readonly batch: readonly Traveller[]
  readonly refusal: Refusal
}

export interface SplitParts {
  /** Tells all travellers of a batch their outcomes, unless it is refused as well. */
  readonly deliver: (batch: readonly Traveller[]) => Promise<RefusedBatch | undefined>
  readonly standing: Omit<Standing, 'judge' | 'isSuspect'>
  readonly gate: Pick<Gate, 'draining' | 'suspect'>
  readonly clock: Pick<Clock, 'monotonic'>
  /** In [0, 1): which half is looked into first. */
  readonly random: () => number
  /** Told how many events were refused, with nothing imported meanwhile. */
  readonly suspected: (events: number) => void
}

/** What is still to be done of a split. */
interface Rest {
  /** To be halved; the smallest last. */
  divisible: RefusedBatch[]
  /** Refused alone: whether for their own sake is not proven yet. */
  indivisible: RefusedBatch[]
  /** Since something was imported last. */
  refusals: number
}

/** No smaller event, or batch of them, is too large for Mixpanel, whatever an answer says. */
const LARGE_BYTES = 100_000
/** Of a refused part so small it is remembered who was in it. */
const FEW = 16
/** So many refusals all parts are halved at a time, to an eighth: most often one can be imported. */
const BROAD_REFUSALS = 2 + 4 + 8
/** Beyond those and the way down to a single event: so many more are tried. */
const MORE_TRIES = 8

/**
 * Halves a refused batch until what is at fault stands alone and is rejected; the others are
 * imported. Where nothing is imported meanwhile, the fault may be Mixpanel's: then nothing is
 * rejected, and it gives up long before every event has been tried.
 */
export function createSplit(parts: SplitParts): (refused: RefusedBatch) => Promise<void> {
  const { deliver, standing, gate, clock, random } = parts

  return function split(refused) {
    return isDivisible(refused) ? divide(refused) : settleWhole(refused)
  }

  async function divide(refused: RefusedBatch): Promise<void> {
    const startedAt = clock.monotonic()
    const rest: Rest = { divisible: [refused], indivisible: [], refusals: 0 }
    const mostRefusals =
      BROAD_REFUSALS + 2 * Math.ceil(Math.log2(refused.batch.length)) + MORE_TRIES

    while (rest.divisible.length > 0 && !gate.draining() && rest.refusals < mostRefusals) {
      // While something can be imported, all at a time; otherwise, soon, the way to one event.
      const turn = rest.divisible.splice(rest.refusals < BROAD_REFUSALS ? 0 : -1)
      // What was proven a turn ago may have ended since: each turn brings a proof of its own.
      const since = clock.monotonic()
      const ends = await Promise.all(turn.flatMap(halvesOf).map(deliver))
      for (const end of ends) if (end) sort(end, rest, since)
      if (!standing.hasImportedSince(since)) continue
      rest.refusals = 0
      rejectAll(rest.indivisible.splice(0))
    }
    rejectVouchedFor(rest, standing.hasImportedSince(startedAt))
    giveBack(rest)
  }

  /**
   * The last may stand together, with nothing good between; and of a message of nothing but poison
   * nothing is imported ever. An import vouches for a few: of this split, or one since they were
   * refused before.
   */
  function rejectVouchedFor(rest: Rest, someImported: boolean): void {
    rest.indivisible = rest.indivisible.filter((refused) => {
      const isProven = someImported || refused.batch.every(isRefusedStill)
      if (!isProven || !standing.vouchesFor(1)) return true
      rejectAll([refused])
      return false
    })
  }

  function isRefusedStill({ event }: Traveller): boolean {
    return standing.isRefusedStill(event.insertId)
  }

  function noteRefused({ batch }: RefusedBatch, at: number): void {
    const insertIds = batch.map(({ event }) => event.insertId)
    standing.noteRefused(insertIds, at)
  }

  function sort(refused: RefusedBatch, rest: Rest, sentAt: number): void {
    if (refused.batch.length <= FEW) noteRefused(refused, sentAt)
    if (isDivisible(refused)) rest.divisible.push(refused)
    else if (isCertain(refused)) rejectAll([refused])
    else rest.indivisible.push(refused)
    if (!isCertain(refused)) rest.refusals += 1
  }

  /** In any order: were it always the same, a batch could fail in the same way again and again. */
  function halvesOf({ batch }: RefusedBatch): (readonly Traveller[])[] {
    const middle = Math.ceil(batch.length / 2)
    const halves = [batch.slice(0, middle), batch.slice(middle)]
    return random() < 0.5 ? halves : halves.reverse()
  }

  async function settleWhole(refused: RefusedBatch): Promise<void> {
    const { batch } = refused
    if (isCertain(refused) || standing.vouchesFor(batch.length)) rejectAll([refused])
    else suspectAll([refused])
  }

  function giveBack({ divisible, indivisible }: Rest): void {
    const refused = [...divisible, ...indivisible]
    if (refused.length === 0) return
    if (gate.draining()) for (const { batch } of refused) tellAll(batch, retry('draining'))
    else suspectAll(refused)
  }

  function suspectAll(refused: readonly RefusedBatch[]): void {
    standing.suspect(clock.monotonic())
    gate.suspect()
    parts.suspected(refused.reduce((events, { batch }) => events + batch.length, 0))
    for (const { batch } of refused) tellAll(batch, retry('suspect'))
  }
}

function rejectAll(refused: readonly RefusedBatch[]): void {
  for (const { batch, refusal } of refused) tellAll(batch, rejected(refusal.reason, refusal.detail))
}

function isDivisible({ batch, refusal }: RefusedBatch): boolean {
  return batch.length > 1 && refusal.blames === 'some_event'
}

/** Whoever calls an event too large that is not is at fault itself: Mixpanel takes up to 1 MB. */
function isCertain({ batch, refusal }: RefusedBatch): boolean {
  return (
    refusal.certain && batch.reduce((bytes, { event }) => bytes + event.bytes, 0) >= LARGE_BYTES
  )
}

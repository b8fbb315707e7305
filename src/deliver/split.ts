import type { Clock } from '../lib/clock.ts'
import type { Traveller } from '../model/journey.ts'
import { rejected, retry } from '../model/outcome.ts'
import type { IsAccessRefused } from './access.ts'
import type { Gate } from './gate.ts'
import type { Holding } from './holding.ts'
import type { Refusals } from './refusals.ts'
import type { Standing } from './standing.ts'
import { tellAll } from './tell.ts'
import type { Refusal } from './verdict.ts'

/** A batch of which Mixpanel imported nothing, and named no event that is at fault. */
export interface RefusedBatch {
  readonly kind: 'refused'
  readonly batch: readonly Traveller[]
  readonly refusal: Refusal
}

/** What became of a batch: refused, or all its travellers were told their outcomes. */
export type Delivered = RefusedBatch | Readonly<{ kind: 'told'; imported: boolean }>

export interface SplitParts {
  /** Tells all travellers of a batch their outcomes, unless it is refused. Asks for a lone one twice. */
  readonly deliver: (batch: readonly Traveller[]) => Promise<Delivered>
  readonly standing: Pick<Standing, 'hasImportedSince' | 'vouches' | 'suspect'>
  readonly refusals: Pick<Refusals, 'countDelivery' | 'noteSplit' | 'requestsBefore'>
  readonly isAccessRefused: IsAccessRefused
  readonly holding: Pick<Holding, 'hold'>
  readonly gate: Pick<Gate, 'draining' | 'suspect'>
  readonly clock: Pick<Clock, 'monotonic'>
  /** In [0, 1): which half is looked into first. */
  readonly random: () => number
  /** Told how many events were refused without a name, and not rejected for it. */
  readonly suspected: (events: number) => void
}

/** A part of a batch that is refused. */
interface Part {
  readonly batch: readonly Traveller[]
  readonly refusal: Refusal
  /** Requests of the split that held its events, and were refused. */
  readonly refusals: number
  /** The beginning of the turn in which it was refused as it is. */
  readonly since: number
}

/** A part to be sent, and what is known of its events. */
interface Question extends Pick<Part, 'batch' | 'refusals'> {
  readonly since?: number
}

/** What is still to be done of a split. */
interface Rest {
  /** To be halved; the smallest last. */
  divisible: Part[]
  /** Single events that are to be asked for again. */
  doubtful: Part[]
  /** Single events: whether they were refused for their own sake is not proven yet. */
  indivisible: Part[]
  /** Whether something of the split was imported, now or in an earlier delivery. */
  hasNeighbours: boolean
  /** The beginning of the last turn in which something was. */
  importedSince: number
  /** Since something was imported last. */
  refusals: number
}

/** No smaller event, or batch of them, is too large for Mixpanel, whatever an answer says. */
const LARGE_BYTES = 100_000
/** Parts up to this size are remembered when refused: what is left of a split may be so small. */
const FEW = 16
/** So many refusals all parts are halved at a time, to an eighth: most often one can be imported. */
const BROAD_REFUSALS = 2 + 4 + 8
/** Parts halved at a time, while others of the split are imported. */
const MOST_AT_ONCE = 32
/** Beyond those and the way down to a single event: so many more are tried. */
const MORE_TRIES = 8
/** Requests of a split that must have refused an event. If 30 % fail at random, 0.02 % meet seven. */
const REFUSALS_BELIEVED = 7
/** Deliveries that must have refused an event that has no neighbours. Each asks twice. */
const DELIVERIES_BELIEVED = 3

/**
 * Halves a refused batch until what is at fault stands alone and is rejected; the others are
 * imported. Where nothing of the batch is imported the fault may be Mixpanel's: then an event is
 * rejected only when a third delivery refuses it, with imports between, and the others go back.
 */
export function createSplit(parts: SplitParts): (refused: RefusedBatch) => Promise<void> {
  const { deliver, standing, gate, clock, random } = parts

  return split

  async function split({ batch, refusal }: RefusedBatch): Promise<void> {
    const startedAt = clock.monotonic()
    const before = batch.length <= FEW ? parts.refusals.requestsBefore(batch) : 0
    const rest = createRest(before > 0)
    sort({ batch, refusal, refusals: before + refusalsOf(batch), since: startedAt }, rest)
    settleProven(rest)
    const mostRefusals = BROAD_REFUSALS + 2 * Math.ceil(Math.log2(batch.length)) + MORE_TRIES

    let turnBefore = startedAt

    while (isUnfinished(rest) && !gate.draining() && rest.refusals < mostRefusals) {
      const since = clock.monotonic()
      const refused = await ask(takeTurn(rest), rest, since)
      if (refused && parts.isAccessRefused(batch, refused, startedAt)) return deliverAgain(rest)
      // The parts of a turn take the permits, so an import of others may end only after the turn.
      if (standing.hasImportedSince(turnBefore)) rest.refusals = 0
      turnBefore = since
      settleProven(rest)
      noteRefused(rest)
    }
    settleRest(rest, startedAt)
  }

  /** Answers the refusals when all parts are refused. */
  async function ask(
    turn: readonly Question[],
    rest: Rest,
    since: number,
  ): Promise<readonly Refusal[] | undefined> {
    const ends = await Promise.all(turn.map(({ batch }) => deliver(batch)))
    const refusals: Refusal[] = []
    for (const [index, question] of turn.entries()) {
      const end = ends[index]
      if (end?.kind === 'told' && end.imported) noteImport(rest, since)
      if (end?.kind !== 'refused') continue
      refusals.push(end.refusal)
      sort(partOf(end, question, since), rest)
    }
    return refusals.length === turn.length ? refusals : undefined
  }

  function takeTurn(rest: Rest): readonly Question[] {
    const divisible = rest.divisible.splice(-widthOf(rest))
    return [...rest.doubtful.splice(0), ...divisible.flatMap(halvesOf)]
  }

  /** In any order: were it always the same, a batch could fail in the same way again and again. */
  function halvesOf({ batch, refusals }: Part): readonly Question[] {
    const middle = Math.ceil(batch.length / 2)
    const halves = [batch.slice(0, middle), batch.slice(middle)]
    if (random() >= 0.5) halves.reverse()
    return halves.map((half) => ({ batch: half, refusals }))
  }

  /**
   * An import of the split proves that its other events can be imported, if it set out no sooner
   * than the request that refused this one: a fault may begin while a split lasts.
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
      if (batch.length <= FEW) parts.refusals.noteSplit(batch, refusals)
    }
  }

  function settleRest(rest: Rest, startedAt: number): void {
    const left = partsIn(rest)
    if (gate.draining()) {
      for (const { batch } of left) tellAll(batch, retry('draining'))
      return
    }
    const suspects = left.filter((part) => !isBelieved(part, rest))
    if (suspects.length > 0) suspectAll(suspects, startedAt)
  }

  /** The last of a split may stand together, with nothing good between: an import vouches for ten. */
  function isBelieved(part: Part, rest: Rest): boolean {
    const [traveller, ...others] = part.batch
    if (!traveller || others.length > 0) return false
    const isVouchedFor = rest.hasNeighbours && isBelievable(part) && standing.vouches()
    if (!isVouchedFor && parts.refusals.countDelivery(traveller) < DELIVERIES_BELIEVED) return false
    reject(part)
    return true
  }

  function suspectAll(suspects: readonly Part[], startedAt: number): void {
    const isAlone = standing.suspect(startedAt, clock.monotonic())
    if (isAlone) gate.suspect()
    const batch = suspects.flatMap((part) => part.batch)
    parts.suspected(batch.length)
    parts.holding.hold(batch)
  }

  /** The gate lets it through as a probe, or when another probe was taken, or gives it back. */
  async function deliverAgain(rest: Rest): Promise<void> {
    const end = await deliver(partsIn(rest).flatMap(({ batch }) => batch))
    if (end.kind === 'refused') await split(end)
  }
}

/**
 * How many parts are halved at a time: the smallest, so that some come to an end where the time is
 * short. Few while nothing of the split was imported, and soon only the way to one event.
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

function partOf({ batch, refusal }: RefusedBatch, question: Question, since: number): Part {
  const refusals = question.refusals + refusalsOf(batch)
  return { batch, refusal, refusals, since: question.since ?? since }
}

/** A lone event is asked for twice. */
function refusalsOf({ length }: readonly Traveller[]): number {
  return length === 1 ? 2 : 1
}

function sort(part: Part, rest: Rest): void {
  if (!isCertain(part)) rest.refusals += 1
  if (part.batch.length > 1) rest.divisible.push(part)
  else if (isCertain(part)) reject(part)
  else rest.indivisible.push(part)
}

/** No chance made Mixpanel call an event too large, or refuse so many requests. */
function isBelievable({ refusal, refusals }: Part): boolean {
  return refusal.certain || refusals >= REFUSALS_BELIEVED
}

function reject({ batch, refusal }: Part): void {
  tellAll(batch, rejected(refusal.reason, refusal.detail))
}

/** A sender who calls an event too large that is not is at fault itself: Mixpanel takes up to 1 MB. */
function isCertain({ batch, refusal }: Part): boolean {
  return (
    refusal.certain && batch.reduce((bytes, { event }) => bytes + event.bytes, 0) >= LARGE_BYTES
  )
}

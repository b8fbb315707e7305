import { type EventOutcome, type Rejected, type Retry, retry, type Tally } from './model/outcome.ts'

/** What becomes of the events of one message, by their places in its order. */
export interface Outcomes {
  readonly portions: PastPortion[]
  /** The kind of each event's outcome, as its index in `kinds`; with `RECALLED` if it is not fresh. */
  readonly codes: number[]
  /** Of rejections, the first for each reason. */
  readonly kinds: EventOutcome[]
  /** Why events were rejected once they were under way: of the others it can be found out again. */
  rejections?: Map<number, Rejected>
}

/** How many lines were taken at a time, and how many events were made of them. */
export interface PastPortion {
  readonly lines: number
  readonly events: number
}

/** What one delivery of a message came to, as far as another needs it: at a byte an event. */
export interface PastOutcomes {
  readonly portions: readonly PastPortion[]
  /** Roughly, in memory. */
  readonly bytes: number
  /** How an event has come to its end: rejected it has not before it is stored. */
  endedAt(place: number): EventOutcome | undefined
  /** Why an event was rejected once it was under way. */
  rejectionAt(place: number): Rejected | undefined
}

const RECALLED = 0x80
const KIND = 0x7f
/** The code of what has no outcome yet: it is late. */
const NONE = 0
const LATE = retry('deadline')
/** Roughly: a rejection that is kept, less its words. */
const REJECTION_BYTES = 160

export function createOutcomes(): Outcomes {
  return { portions: [], codes: [], kinds: [LATE] }
}

/** Makes room for events more; answers the place of the first. */
export function addPortion({ portions, codes }: Outcomes, portion: PastPortion): number {
  const from = codes.length
  portions.push(portion)
  for (let events = 0; events < portion.events; events += 1) codes.push(NONE)
  return from
}

/** An event does not set out: why can be found out again. */
export function noteStay(outcomes: Outcomes, place: number, outcome: EventOutcome): void {
  outcomes.codes[place] = codeOf(outcomes, outcome)
}

/** A traveller has arrived. */
export function noteArrival(outcomes: Outcomes, place: number, outcome: EventOutcome): void {
  outcomes.codes[place] = codeOf(outcomes, outcome)
  if (outcome.kind !== 'rejected') return
  outcomes.rejections ??= new Map()
  outcomes.rejections.set(place, outcome)
}

/** What an earlier delivery came to, with an event that is not among the fresh. */
export function noteRecalled(outcomes: Outcomes, place: number, outcome: EventOutcome): void {
  noteArrival(outcomes, place, outcome)
  outcomes.codes[place] = codeOf(outcomes, outcome) | RECALLED
}

/** What is rejected comes again. */
export function returnRejected(outcomes: Outcomes, outcome: Retry): void {
  const { codes } = outcomes
  const code = codeOf(outcomes, outcome)
  for (const [place, old] of codes.entries()) {
    if (isRejectedAt(outcomes, place)) codes[place] = code | (old & RECALLED)
  }
}

export function isRejectedAt({ codes, kinds }: Outcomes, place: number): boolean {
  return kinds[(codes[place] ?? NONE) & KIND]?.kind === 'rejected'
}

/** Each kind that there is, in the order of their places. */
export function kindsIn({ codes, kinds }: Outcomes): readonly EventOutcome[] {
  const found: EventOutcome[] = []
  for (const code of codes) {
    const kind = kinds[code & KIND] ?? LATE
    if (!found.includes(kind)) found.push(kind)
  }
  return found
}

/** Those that no earlier delivery brought to their end. */
export function freshIn({ codes, kinds }: Outcomes): readonly Tally[] {
  const counts = kinds.map(() => 0)
  for (const code of codes) if (code < RECALLED) counts[code] = (counts[code] ?? 0) + 1
  const tallies: Tally[] = []
  for (const [code, outcome] of kinds.entries()) {
    const count = counts[code] ?? 0
    if (count > 0) tallies.push({ outcome, count })
  }
  return tallies
}

/** `undefined` when another delivery has all to do again. */
export function pastOf({ portions, codes, kinds, rejections }: Outcomes): PastOutcomes | undefined {
  if (!rejections && kinds.every(({ kind }) => kind === 'retry')) return undefined
  const settled = Uint8Array.from(codes)
  return { portions, bytes: settled.length + bytesOf(rejections), endedAt, rejectionAt }

  function endedAt(place: number): EventOutcome | undefined {
    const outcome = kinds[(settled[place] ?? NONE) & KIND]
    return outcome?.kind === 'imported' || outcome?.kind === 'dropped' ? outcome : undefined
  }

  function rejectionAt(place: number): Rejected | undefined {
    return rejections?.get(place)
  }
}

function codeOf({ kinds }: Outcomes, outcome: EventOutcome): number {
  for (let code = NONE + 1; code < kinds.length; code += 1) {
    const kind = kinds[code]
    if (kind === outcome || (kind && isOfOneKind(kind, outcome))) return code
  }
  return kinds.push(outcome) - 1
}

function bytesOf(rejections: ReadonlyMap<number, Rejected> | undefined): number {
  let bytes = 0
  for (const { detail } of rejections?.values() ?? []) bytes += REJECTION_BYTES + 2 * detail.length
  return bytes
}

function isOfOneKind(one: EventOutcome, other: EventOutcome): boolean {
  return one.kind === other.kind && labelOf(one) === labelOf(other)
}

function labelOf(outcome: EventOutcome): string {
  if (outcome.kind === 'imported') return ''
  return outcome.kind === 'dropped' ? outcome.rule : outcome.reason
}

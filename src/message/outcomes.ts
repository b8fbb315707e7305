import { heapBytesOf } from '../lib/heap-bytes.ts'
import {
  type EventOutcome,
  type Rejected,
  type Retry,
  retry,
  type Tally,
} from '../model/outcome.ts'

/** What becomes of the events of one message, by their places in its order. */
export interface Outcomes {
  readonly portions: PastPortion[]
  /** The kind of each event's outcome, as its index in `kinds`; with `RECALLED` if it is not fresh. */
  readonly codes: number[]
  /** Of rejections before an event set out, the first for each reason: why can be found out again. */
  readonly kinds: EventOutcome[]
  /** Of the kinds, those that were an answer: they hold for each of their events to the word. */
  answers?: Set<EventOutcome>
  /** By place, the answers that were too many for that. */
  rejections?: Map<number, Rejected>
  /** What all that is rejected has become: it comes again. */
  returned?: Retry
  /** What kinds and rejections take of the memory, their texts above all. */
  textBytes: number
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
/** Kinds beyond which each rejection is kept by itself. */
const MOST_KINDS = 100
/** Roughly: an outcome and its place in a list or a map, less its texts. */
const OUTCOME_BYTES = 130
/** Roughly: an object of two numbers, and its place in a list. */
const PORTION_BYTES = 40

export function createOutcomes(): Outcomes {
  return { portions: [], codes: [], kinds: [LATE], textBytes: 0 }
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
  const code = outcome.kind === 'rejected' ? answerCodeOf(outcomes, outcome) : undefined
  outcomes.codes[place] = code ?? codeOf(outcomes, outcome)
  if (code !== undefined || outcome.kind !== 'rejected') return
  outcomes.rejections ??= new Map()
  outcomes.rejections.set(place, outcome)
  outcomes.textBytes += bytesOf(outcome)
}

/** What an earlier delivery came to, with an event that is not among the fresh. */
export function noteRecalled(outcomes: Outcomes, place: number, outcome: EventOutcome): void {
  noteArrival(outcomes, place, outcome)
  outcomes.codes[place] = (outcomes.codes[place] ?? NONE) | RECALLED
}

export function isRejectedAt({ codes, kinds }: Outcomes, place: number): boolean {
  return kinds[(codes[place] ?? NONE) & KIND]?.kind === 'rejected'
}

/** Why an event was rejected once it was under way. */
export function rejectionAt(
  { codes, kinds, answers, rejections }: Rejections,
  place: number,
): Rejected | undefined {
  const kind = kinds[(codes[place] ?? NONE) & KIND]
  return kind?.kind === 'rejected' && answers?.has(kind) ? kind : rejections?.get(place)
}

type Rejections = Pick<Outcomes, 'kinds' | 'answers' | 'rejections'> & {
  readonly codes: ArrayLike<number>
}

/** Each kind that there is, in the order of their places. */
export function kindsIn({ codes, kinds, returned }: Outcomes): readonly EventOutcome[] {
  const found: EventOutcome[] = []
  for (const code of codes) {
    const kind = nowOf(kinds[code & KIND] ?? LATE, returned)
    if (!found.includes(kind)) found.push(kind)
  }
  return found
}

/** Those that no earlier delivery brought to their end. */
export function freshIn({ codes, kinds, returned }: Outcomes): readonly Tally[] {
  const counts = kinds.map(() => 0)
  for (const code of codes) if (code < RECALLED) counts[code] = (counts[code] ?? 0) + 1
  const tallies: Tally[] = []
  for (const [code, outcome] of kinds.entries()) {
    const count = counts[code] ?? 0
    if (count > 0) tallies.push({ outcome: nowOf(outcome, returned), count })
  }
  return tallies
}

/** `undefined` when another delivery has all to do again. */
export function pastOf(outcomes: Outcomes): PastOutcomes | undefined {
  const { portions, kinds, textBytes } = outcomes
  if (kinds.every(({ kind }) => kind === 'retry')) return undefined
  const codes = Uint8Array.from(outcomes.codes)
  const settled = { ...outcomes, codes }
  const bytes = codes.length + textBytes + portions.length * PORTION_BYTES
  return { portions, bytes, endedAt, rejectionAt: (place) => rejectionAt(settled, place) }

  function endedAt(place: number): EventOutcome | undefined {
    const outcome = kinds[(codes[place] ?? NONE) & KIND]
    return outcome?.kind === 'imported' || outcome?.kind === 'dropped' ? outcome : undefined
  }
}

function nowOf(outcome: EventOutcome, returned: Retry | undefined): EventOutcome {
  return outcome.kind === 'rejected' ? (returned ?? outcome) : outcome
}

function codeOf(outcomes: Outcomes, outcome: EventOutcome): number {
  const { kinds, answers } = outcomes
  for (let code = NONE + 1; code < kinds.length; code += 1) {
    const kind = kinds[code]
    if (kind === outcome) return code
    if (kind && isOfOneKind(kind, outcome) && !answers?.has(kind)) return code
  }
  return addKind(outcomes, outcome)
}

/** `undefined` when there are too many to know each by a code. */
function answerCodeOf(outcomes: Outcomes, answer: Rejected): number | undefined {
  const { kinds } = outcomes
  outcomes.answers ??= new Set()
  const known = kinds.findIndex((kind) => outcomes.answers?.has(kind) && isTheSame(kind, answer))
  if (known !== -1) return known
  if (kinds.length >= MOST_KINDS) return undefined
  outcomes.answers.add(answer)
  return addKind(outcomes, answer)
}

function addKind(outcomes: Outcomes, kind: EventOutcome): number {
  outcomes.textBytes += bytesOf(kind)
  return outcomes.kinds.push(kind) - 1
}

function bytesOf(outcome: EventOutcome): number {
  if (outcome.kind !== 'rejected') return OUTCOME_BYTES
  return OUTCOME_BYTES + heapBytesOf(outcome.detail) + heapBytesOf(outcome.field ?? '')
}

function isOfOneKind(one: EventOutcome, other: EventOutcome): boolean {
  return one.kind === other.kind && labelOf(one) === labelOf(other)
}

function isTheSame(kind: EventOutcome, { reason, field, detail }: Rejected): boolean {
  if (kind.kind !== 'rejected') return false
  return kind.reason === reason && kind.field === field && kind.detail === detail
}

function labelOf(outcome: EventOutcome): string {
  if (outcome.kind === 'imported') return ''
  return outcome.kind === 'dropped' ? outcome.rule : outcome.reason
}

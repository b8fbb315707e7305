import { heapBytesOf } from '../lib/heap-bytes.ts'
import {
  type EventOutcome,
  type Rejected,
  type Retry,
  retry,
  type Tally,
} from '../model/outcome.ts'

/** The outcomes of the events of one message, by their places in its order. */
export interface Outcomes {
  readonly portions: PastPortion[]
  /**
   * The kind of each event's outcome, as its index in `kinds`; with `RECALLED` if an earlier
   * delivery brought it.
   */
  readonly codes: number[]
  /**
   * The different outcomes. For rejections before an event was sent it is the first for each
   * reason: the detail of the others can be found again.
   */
  readonly kinds: EventOutcome[]
  /**
   * The kinds that were an answer of Mixpanel. They hold word for word for each of their events.
   */
  answers?: Set<EventOutcome>
  /** The answers beyond that number, by place. */
  rejections?: Map<number, Rejected>
  /** The outcome that stands for all rejected events when they come again. */
  returned?: Retry
  /** The memory of the texts in kinds and rejections. */
  textBytes: number
}

/** The numbers of lines in one portion, and of the events made of them. */
export interface PastPortion {
  readonly lines: number
  readonly events: number
}

/**
 * The outcomes of one delivery of a message, as far as another delivery needs them: at a byte an
 * event.
 */
export interface PastOutcomes {
  readonly portions: readonly PastPortion[]
  /** The rough size in memory. */
  readonly bytes: number
  /** Returns the final outcome of an event. A rejected event has none before it is stored. */
  endedAt(place: number): EventOutcome | undefined
  /** Returns the rejection of an event that Mixpanel refused. */
  rejectionAt(place: number): Rejected | undefined
}

const RECALLED = 0x80
const KIND = 0x7f
/** The code of an event without an outcome: it is late. */
const NONE = 0
const LATE = retry('deadline')
/** The number of kinds beyond which each rejection is kept by itself. */
const MOST_KINDS = 100
/** The rough size of an outcome and its place in a list or a map, without its texts. */
const OUTCOME_BYTES = 130
/** The rough size of an object of two numbers, and its place in a list. */
const PORTION_BYTES = 40

export function createOutcomes(): Outcomes {
  return { portions: [], codes: [], kinds: [LATE], textBytes: 0 }
}

/** Makes room for more events. Returns the place of the first. */
export function addPortion({ portions, codes }: Outcomes, portion: PastPortion): number {
  const from = codes.length
  portions.push(portion)
  for (let events = 0; events < portion.events; events += 1) codes.push(NONE)
  return from
}

/** Notes the outcome of an event that is not sent. The detail can be found again. */
export function noteStay(outcomes: Outcomes, place: number, outcome: EventOutcome): void {
  outcomes.codes[place] = codeOf(outcomes, outcome)
}

/** Notes the outcome of an event that was sent. */
export function noteArrival(outcomes: Outcomes, place: number, outcome: EventOutcome): void {
  const code = outcome.kind === 'rejected' ? answerCodeOf(outcomes, outcome) : undefined
  outcomes.codes[place] = code ?? codeOf(outcomes, outcome)
  if (code !== undefined || outcome.kind !== 'rejected') return
  outcomes.rejections ??= new Map()
  outcomes.rejections.set(place, outcome)
  outcomes.textBytes += bytesOf(outcome)
}

/** Notes the outcome from an earlier delivery. */
export function noteRecalled(outcomes: Outcomes, place: number, outcome: EventOutcome): void {
  noteArrival(outcomes, place, outcome)
  outcomes.codes[place] = (outcomes.codes[place] ?? NONE) | RECALLED
}

export function isRejectedAt({ codes, kinds }: Outcomes, place: number): boolean {
  return kinds[(codes[place] ?? NONE) & KIND]?.kind === 'rejected'
}

/** Returns the rejection of an event that Mixpanel refused. */
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

/** Returns each outcome kind once, in the order of the places. */
export function kindsIn({ codes, kinds, returned }: Outcomes): readonly EventOutcome[] {
  const found: EventOutcome[] = []
  for (const code of codes) {
    const kind = nowOf(kinds[code & KIND] ?? LATE, returned)
    if (!found.includes(kind)) found.push(kind)
  }
  return found
}

/** Returns the outcomes that no earlier delivery brought. */
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

/** Returns the outcomes for a later delivery; `undefined` when it has to do everything again. */
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

/** Returns the code of an answer; `undefined` when there are too many answers for a code each. */
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

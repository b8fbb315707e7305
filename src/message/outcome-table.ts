import type { MessageBytes } from '../lib/byte-budget.ts'
import { heapBytesOf } from '../lib/heap-bytes.ts'
import {
  type EventOutcome,
  IMPORTED,
  type Rejected,
  type Retry,
  retry,
  type Tally,
} from '../model/outcome.ts'

/** The numbers of lines in one portion of a message, and of the events made of them. */
export interface PortionCounts {
  readonly lines: number
  readonly events: number
}

/**
 * The outcomes of one delivery of a message, as far as another delivery needs them: at a byte an
 * event.
 */
export interface EarlierOutcomes {
  readonly portions: readonly PortionCounts[]
  /** The rough size in memory. */
  readonly bytes: number
  /** Returns the final outcome of an event. A rejected event has none before it is stored. */
  finalAt(place: number): EventOutcome | undefined
  /** Returns the rejection of an event that Mixpanel refused. */
  refusalAt(place: number): Rejected | undefined
}

/** The bit of an outcome that an earlier delivery brought. */
const EARLIER = 0x80
const KIND = 0x7f
/** The code of an event without an outcome: it is late. */
const NONE = 0
const LATE = retry('deadline')
/** The kinds that each table has. An imported event, as most are, adds none. */
const KNOWN_KINDS: readonly EventOutcome[] = [LATE, IMPORTED]
const IMPORTED_CODE = KNOWN_KINDS.indexOf(IMPORTED)
/**
 * The number of kinds beyond which each answer is kept by itself. With a code for each reason of
 * the others, all codes stay below `EARLIER`.
 */
const MOST_KINDS = 100
/** The rough size of an outcome and its place in a list or a map, without its texts. */
const OUTCOME_BYTES = 130
/** The rough size of an object of two numbers, and its place in a list. */
const PORTION_BYTES = 40

/**
 * The outcomes of the events of one message, by their places in its order. It is a class, because
 * each message has one while its push waits (decision 14).
 */
export class OutcomeTable {
  /** The portions that were begun. */
  readonly portions: PortionCounts[] = []
  /** The number of events so far. */
  events = 0
  /** The memory of the texts of all outcomes. */
  textBytes = 0
  /** The outcome that stands for all rejected events when they come again. */
  returned: Retry | undefined = undefined
  /** The kind of each event's outcome, as its index in `kinds`, with or without `EARLIER`. */
  private readonly codes: number[] = []
  /**
   * The different outcomes. For rejections before an event was sent it is the first for each
   * reason: the detail of the others can be found again.
   */
  private readonly kinds: EventOutcome[] = [...KNOWN_KINDS]
  /**
   * The kinds that are an answer of Mixpanel, by code. They hold word for word for each of their
   * events.
   */
  private answers: Map<number, Rejected> | undefined = undefined
  /** The answers beyond `MOST_KINDS`, by place. */
  private refusals: Map<number, Rejected> | undefined = undefined
  private readonly bytes: Pick<MessageBytes, 'add'>

  /** Makes an empty table. The texts of its outcomes count in `bytes`. */
  constructor(bytes: Pick<MessageBytes, 'add'>) {
    this.bytes = bytes
  }

  /** Makes room for the events of a portion. Returns the place of the first. */
  addPortion(portion: PortionCounts): number {
    const from = this.events
    this.events += portion.events
    this.portions.push(portion)
    for (let events = 0; events < portion.events; events += 1) this.codes.push(NONE)
    return from
  }

  /** Records the outcome of an event that is not sent. The detail can be found again. */
  recordUnsent(place: number, outcome: EventOutcome): void {
    this.codes[place] = this.codeOf(outcome)
  }

  /** Records the outcome of an event that was sent. */
  record(place: number, outcome: EventOutcome): void {
    if (outcome === IMPORTED) this.codes[place] = IMPORTED_CODE
    else if (outcome.kind === 'rejected') this.recordRefusal(place, outcome)
    else this.codes[place] = this.codeOf(outcome)
  }

  /** Records an outcome that an earlier delivery brought. */
  recordEarlier(place: number, outcome: EventOutcome): void {
    this.record(place, outcome)
    this.codes[place] = this.codeAt(place) | EARLIER
  }

  /**
   * Returns the outcome of an event; `undefined` before it has one. The detail may be that of
   * another event.
   */
  outcomeAt(place: number): EventOutcome | undefined {
    const code = this.codeAt(place) & KIND
    return code === NONE ? undefined : this.kinds[code]
  }

  /** Returns the rejection of an event that Mixpanel refused. */
  refusalAt(place: number): Rejected | undefined {
    return this.answers?.get(this.codeAt(place) & KIND) ?? this.refusals?.get(place)
  }

  /** Returns each kind of outcome once, in the order of the places. */
  distinct(): readonly EventOutcome[] {
    const found: EventOutcome[] = []
    for (const code of this.codes) {
      const kind = this.kinds[code & KIND] ?? LATE
      const outcome = this.returned ? returnedIf(kind, this.returned) : kind
      if (!found.includes(outcome)) found.push(outcome)
    }
    return found
  }

  /** Returns the numbers of the outcomes that no earlier delivery brought. */
  newTotals(): readonly Tally[] {
    const counts = this.kinds.map(() => 0)
    for (const code of this.codes) if (code < EARLIER) counts[code] = (counts[code] ?? 0) + 1
    const totals: Tally[] = []
    for (const [code, kind] of this.kinds.entries()) {
      const count = counts[code] ?? 0
      if (count === 0) continue
      totals.push({ outcome: this.returned ? returnedIf(kind, this.returned) : kind, count })
    }
    return totals
  }

  /**
   * Returns the outcomes for a later delivery; `undefined` when it has to do everything again. The
   * table must not change afterwards.
   */
  snapshot(): EarlierOutcomes | undefined {
    const { portions, kinds, answers, refusals, textBytes } = this
    if (this.codes.every((code) => kinds[code & KIND]?.kind === 'retry')) return undefined
    const codes = Uint8Array.from(this.codes)
    const bytes = codes.length + textBytes + portions.length * PORTION_BYTES
    return { portions, bytes, finalAt, refusalAt }

    function finalAt(place: number): EventOutcome | undefined {
      const outcome = kinds[codeAt(place)]
      return outcome?.kind === 'imported' || outcome?.kind === 'dropped' ? outcome : undefined
    }

    function refusalAt(place: number): Rejected | undefined {
      return answers?.get(codeAt(place)) ?? refusals?.get(place)
    }

    function codeAt(place: number): number {
      return (codes[place] ?? NONE) & KIND
    }
  }

  private recordRefusal(place: number, refusal: Rejected): void {
    const code = this.codeOfAnswer(refusal)
    this.codes[place] = code ?? this.codeOf(refusal)
    if (code !== undefined) return
    this.refusals ??= new Map()
    this.refusals.set(place, refusal)
    this.countText(bytesOf(refusal))
  }

  private codeAt(place: number): number {
    return this.codes[place] ?? NONE
  }

  private codeOf(outcome: EventOutcome): number {
    const { kinds, answers } = this
    for (let code = NONE + 1; code < kinds.length; code += 1) {
      const kind = kinds[code]
      if (kind && isOfOneKind(kind, outcome) && !answers?.has(code)) return code
    }
    return this.addKind(outcome)
  }

  /** Returns the code of an answer; `undefined` when there are too many answers for a code each. */
  private codeOfAnswer(answer: Rejected): number | undefined {
    this.answers ??= new Map()
    for (const [code, known] of this.answers) if (isTheSame(known, answer)) return code
    if (this.kinds.length >= MOST_KINDS) return undefined
    const code = this.addKind(answer)
    this.answers.set(code, answer)
    return code
  }

  private addKind(kind: EventOutcome): number {
    this.countText(kind.kind === 'rejected' ? bytesOf(kind) : OUTCOME_BYTES)
    return this.kinds.push(kind) - 1
  }

  private countText(bytes: number): void {
    this.textBytes += bytes
    this.bytes.add(bytes)
  }
}

/** Returns what stands for an outcome when rejected events come again. */
function returnedIf(outcome: EventOutcome, returned: Retry): EventOutcome {
  return outcome.kind === 'rejected' ? returned : outcome
}

function bytesOf({ detail, field = '' }: Rejected): number {
  return OUTCOME_BYTES + heapBytesOf(detail) + heapBytesOf(field)
}

function isOfOneKind(one: EventOutcome, other: EventOutcome): boolean {
  return one === other || (one.kind === other.kind && labelOf(one) === labelOf(other))
}

function isTheSame(one: Rejected, other: Rejected): boolean {
  return one.reason === other.reason && one.field === other.field && one.detail === other.detail
}

function labelOf(outcome: EventOutcome): string {
  if (outcome.kind === 'imported') return ''
  return outcome.kind === 'dropped' ? outcome.rule : outcome.reason
}

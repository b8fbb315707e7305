import type { Hold } from './lib/byte-budget.ts'
import type { Candidate, Decoded, DecodedLine, Line, PreparedEvent } from './model/event.ts'
import type { Journey, Traveller } from './model/journey.ts'
import type { Message } from './model/message.ts'
import { type Dropped, type EventOutcome, type Rejected, retry } from './model/outcome.ts'
import type { Settlement } from './model/settlement.ts'
import { placeLines } from './receive/place-lines.ts'
import type { Work } from './work.ts'

/** The rooms on the path, in order. None knows another: they meet here. */
export interface Stages {
  decode(message: Message, hold: Hold, wanted: () => boolean): Decoded | Promise<Decoded>
  /** The owner's mapping of one JSON value; without one, the line itself. */
  transform(value: unknown, line: Line, message: Message): Mapped
  /** The owner's mapping of a message that has attributes only; without one, no event. */
  transformAttributes(line: Line, message: Message): Mapped
  /** One answer for each candidate, in order. */
  prepare(message: Message, candidates: readonly Candidate[]): readonly (PreparedEvent | Rejected)[]
  /** Sends events on their way; their party is told as each arrives. */
  importEvents(travellers: readonly Traveller[]): void
  /** Resolves with whether all of these rejected events, out of all of the message's, are safe. */
  storeRejected(
    message: Message,
    rejected: readonly Journey[],
    all: readonly Journey[],
  ): Promise<boolean>
  settle(outcomes: readonly EventOutcome[]): Settlement
}

type Mapped = readonly Candidate[] | Dropped | Rejected

/**
 * The path of one message: its events set out, each comes to an outcome, the outcomes settle the
 * message. Rejects only on a bug, which the edge turns into a nack.
 */
export function createPipeline(stages: Stages): (work: Work) => Promise<Settlement> {
  return async function settleMessage(work) {
    // Not kept in a variable: the parsed values must be free while their events travel.
    work.begin(journeysOf(await stages.decode(work.message, work.hold, work.wanted), work))
    await importAll(work)
    await storeRejected(work)
    return stages.settle(work.journeys.map(outcomeOf))
  }

  function journeysOf(decoded: Decoded, work: Work): readonly Journey[] {
    switch (decoded.kind) {
      case 'out_of_time':
        return [{ party: work, child: 0, outcome: retry('overloaded') }]
      case 'undecodable':
        return [{ party: work, child: 0, outcome: decoded.outcome }]
      case 'no_data':
        return journeysFrom(
          [{ line: NO_LINE, mapped: stages.transformAttributes(NO_LINE, work.message) }],
          work,
        )
      case 'lines':
        return journeysOfLines(decoded.lines, work)
    }
  }

  function journeysOfLines(decoded: readonly DecodedLine[], work: Work): readonly Journey[] {
    const { message, lines } = placeLines(work.message, decoded)
    work.message = message
    return journeysFrom(
      lines.map((line) => mapLine(line, message)),
      work,
    )
  }

  function mapLine(decoded: DecodedLine, message: Message): MappedLine {
    const { line } = decoded
    if (decoded.kind === 'bad_line') return { line, mapped: decoded.outcome }
    return { line, mapped: stages.transform(decoded.value, line, message) }
  }

  function journeysFrom(lines: readonly MappedLine[], work: Work): readonly Journey[] {
    const ended: Journey[] = []
    const candidates: Candidate[] = []
    for (const { line, mapped } of lines) {
      if ('kind' in mapped) ended.push({ party: work, line, child: 0, outcome: mapped })
      else for (const candidate of mapped) candidates.push(candidate)
    }
    const prepared = stages.prepare(work.message, candidates)
    return ended.concat(
      candidates.map((candidate, index) => setOut(candidate, prepared[index], work)),
    )
  }

  async function importAll(work: Work): Promise<void> {
    const travellers = work.journeys.filter(isTraveller)
    if (travellers.length === 0) return
    stages.importEvents(travellers)
    await work.arrivals(travellers.length)
  }

  /** Only when the message will not come again: otherwise they would be stored once more then. */
  async function storeRejected({ message, journeys }: Work): Promise<void> {
    if (journeys.some(({ outcome }) => outcome?.kind === 'retry')) return
    const rejected = journeys.filter(({ outcome }) => outcome?.kind === 'rejected')
    if (rejected.length === 0) return
    if (await stages.storeRejected(message, rejected, journeys)) return
    for (const journey of rejected) journey.outcome = retry('dead_letter_unavailable')
  }
}

interface MappedLine {
  readonly line: Line
  readonly mapped: Mapped
}

/** Where an event stands that was made of attributes alone. */
const NO_LINE: Line = { number: 1, text: '' }

function setOut(
  candidate: Candidate,
  step: PreparedEvent | Rejected | undefined,
  work: Work,
): Journey {
  const { line, child } = candidate
  if (!step) throw new Error('prepare left a candidate unanswered')
  if (step.kind === 'rejected') return { party: work, line, child, outcome: step }
  return { party: work, line, child, event: step }
}

function isTraveller(journey: Journey): journey is Traveller {
  return journey.event !== undefined && journey.outcome === undefined
}

function outcomeOf(journey: Journey): EventOutcome {
  if (!journey.outcome) throw new Error('a journey has ended without an outcome')
  return journey.outcome
}

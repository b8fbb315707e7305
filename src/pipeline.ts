import type { Batcher } from './batch/batcher.ts'
import type { Decode } from './decode/decode.ts'
import type { parseLine } from './decode/parse-line.ts'
import type { LetterGuard } from './message/letter-guard.ts'
import type { MessageProgress } from './message/message-progress.ts'
import {
  createPortions,
  type EventsOf,
  type PortionSize,
  type Portions,
} from './message/portions.ts'
import { createStoreLetters, type LetterStages } from './message/store-letters.ts'
import type { Candidate, Line } from './model/event.ts'
import { type Dropped, type EventOutcome, type Rejected, retry } from './model/outcome.ts'
import type { LineEvents } from './model/pending-event.ts'
import type { CountRule } from './model/rule-effect.ts'
import type { Settlement } from './model/settlement.ts'
import type { Prepare, PrepareEvent } from './prepare/prepare.ts'
import type { RejectedRoute, settlementOf } from './settle/settlement-of.ts'
import type { Transform } from './transform/transform.ts'

/** The stages of the path, in order. No stage knows another: the pipeline connects them. */
export interface Stages extends LetterStages {
  readonly decode: Decode
  readonly parse: typeof parseLine
  readonly transform: Transform
  readonly prepare: Prepare
  /** Counts the effects of the owner's rules. A replay counts none. */
  readonly countRule?: CountRule
  readonly importEvents: Batcher['add']
  readonly letterGuard: Pick<LetterGuard, 'hasAsked' | 'passed' | 'waitForLeave' | 'notStored'>
  readonly rejectedRoute: RejectedRoute
  readonly settlementOf: typeof settlementOf
}

/** The part of a message that is in memory as events. */
export interface PipelineOptions {
  readonly portion: PortionSize
  /** The most bytes of events that may be in flight when the next portion is made. */
  readonly windowBytes: number
  /**
   * Whether an event can be made without those before it. Settled events are then not made again.
   */
  readonly skipsSettled: boolean
  /**
   * Whether the events of a small message are kept until it is settled. An owner's transform is
   * then not called again for events that were rejected. Kept events cost a tenth of the CPU.
   */
  readonly keepsEvents: boolean
}

/**
 * Makes the path of one message. Its events are sent, a portion at a time, for as long as there is
 * time. Each gets an outcome, and the outcomes settle the message. `nextTurn` lets other messages
 * run. It rejects only on a bug, which the edge turns into a nack.
 */
export function createPipeline(
  stages: Stages,
  { portion: size, windowBytes, skipsSettled, keepsEvents }: PipelineOptions,
  nextTurn: () => Promise<void>,
): (progress: MessageProgress) => Promise<Settlement> {
  const eventsOf = createEventsOf(stages)
  const storeLetters = createStoreLetters(stages, nextTurn)

  /** The path of one message. */
  return async function settleMessage(progress) {
    const { message, bytes, wanted, outcomes } = progress
    const decoded = await stages.decode(message, bytes, wanted)
    const portions = createPortions(decoded, message, { eventsOf, size, keepsEvents })
    const passed = await importAll(portions, progress)
    const settlement = stages.settlementOf(outcomes.distinct(), 'to_store')
    // Rejected events decide only when none is to be retried. Otherwise the message comes again, and
    // they would be stored twice.
    if (settlement.reason !== 'dead_lettered') return settlement
    await storeRejected(portions, progress, passed)
    return stages.settlementOf(outcomes.distinct(), stages.rejectedRoute)
  }

  /**
   * Sends the events of a message, a portion at a time. Resolves when all that were sent have an
   * outcome, with whether an event passed, now or in an earlier delivery.
   */
  async function importAll(portions: Portions, progress: MessageProgress): Promise<boolean> {
    let passed = false
    for (;;) {
      if (skipsSettled) progress.skipSettled(portions.skip)
      const portion = portions.next()
      passed ||= portion.hasPassed
      if (portion.hasPassed && stages.letterGuard.hasAsked) stages.letterGuard.passed()
      stages.importEvents(progress.begin(portion))
      if (portion.isLast || !(await isTimeForMore(progress))) break
    }
    await progress.untilInFlight(0)
    return passed || hasPassed(progress.outcomes.distinct())
  }

  async function isTimeForMore(progress: MessageProgress): Promise<boolean> {
    await progress.untilInFlight(windowBytes)
    await nextTurn()
    if (progress.wanted()) return true
    progress.giveBackRest(retry('deadline'))
    return false
  }

  /**
   * Stores rejected events. It ends with the message's other work: an event that is not stored by
   * then comes again.
   */
  async function storeRejected(
    portions: Portions,
    progress: MessageProgress,
    passed: boolean,
  ): Promise<void> {
    const { outcomes, message } = progress
    if (!passed && !(await stages.letterGuard.waitForLeave(progress))) {
      outcomes.returned = retry('all_rejected')
      return
    }
    const isLeft = stages.rejectedRoute === 'to_subscription'
    if (isLeft || (await storeLetters(portions, progress))) return
    outcomes.returned = retry(progress.isTimeToStore() ? 'dead_letter_unavailable' : 'deadline')
    stages.letterGuard.notStored(message)
  }
}

/** Makes the path of one line. The line becomes events, or an outcome ends it before. */
export function createEventsOf(
  stages: Pick<Stages, 'parse' | 'transform' | 'prepare' | 'countRule'>,
): EventsOf {
  return function eventsOf(message, making) {
    const countRule = making === 'first' ? stages.countRule : undefined
    const prepareEvent = stages.prepare(message)

    return function eventsOfLine(body, place) {
      const { line, parsed } = stages.parse(body, place)
      if (parsed.kind === 'rejected') return ended(line, parsed)
      const mapped = stages.transform(parsed.value, line, message, countRule)
      if ('kind' in mapped) return ended(line, mapped)
      return prepared(line, mapped, prepareEvent)
    }
  }
}

function ended(line: Line, outcome: Dropped | Rejected): LineEvents {
  return { kind: 'ended', line, events: [{ line, child: 0, step: outcome }] }
}

function prepared(
  line: Line,
  candidates: readonly Candidate[],
  prepareEvent: PrepareEvent,
): LineEvents {
  const siblings = candidates.length > 1 ? { children: candidates.length } : {}
  const events = candidates.map((candidate) => {
    const { child, text, stage, unredacted } = candidate
    const mapped = stage === 'mapped' && { mapped: { text, unredacted } }
    return { line, child, ...siblings, ...mapped, step: prepareEvent(candidate) }
  })
  return { kind: 'events', line, events }
}

/** Whether an earlier delivery imported events that this one has not made again. */
function hasPassed(outcomes: readonly EventOutcome[]): boolean {
  return outcomes.some(({ kind }) => kind === 'imported' || kind === 'dropped')
}

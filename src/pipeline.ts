import type { MessageBytes } from './lib/byte-budget.ts'
import type { LetterGuard } from './message/letter-guard.ts'
import { kindsIn } from './message/outcomes.ts'
import {
  createPortions,
  type MakingStages,
  type PortionSize,
  type Portions,
} from './message/portions.ts'
import { createStoreLetters, type LetterStages, type Made } from './message/store-letters.ts'
import type { Work } from './message/work.ts'
import type { Decoded } from './model/event.ts'
import type { Message } from './model/message.ts'
import { type EventOutcome, retry } from './model/outcome.ts'
import type { PendingEvent } from './model/pending-event.ts'
import type { Settlement } from './model/settlement.ts'
import type { RejectedGo } from './settle/settlement-of.ts'

/** The stages of the path, in order. No stage knows another: the pipeline connects them. */
export interface Stages extends MakingStages, LetterStages {
  decode(
    message: Message,
    messageBytes: MessageBytes,
    wanted: () => boolean,
  ): Decoded | Promise<Decoded>
  /** Sends events. Their sink gets each outcome as it comes. */
  importEvents(pending: readonly PendingEvent[]): void
  readonly letterGuard: Pick<LetterGuard, 'notePassed' | 'mayStore' | 'notStored'>
  readonly rejectedGo: RejectedGo
  settle(outcomes: readonly EventOutcome[]): Settlement
}

/** The part of a message that is in memory as events. */
export interface PipelineOptions {
  readonly portion: PortionSize
  /** The most bytes of events that may be under way when the next portion is made. */
  readonly windowBytes: number
  /**
   * Whether an event can be made without those before it. Settled events are then not made again.
   */
  readonly skipsSettled: boolean
}

/**
 * Makes the path of one message. Its events are sent, a portion at a time, for as long as there is
 * time. Each gets an outcome, and the outcomes settle the message. `nextTurn` lets other messages
 * run. It rejects only on a bug, which the edge turns into a nack.
 */
export function createPipeline(
  stages: Stages,
  { portion, windowBytes, skipsSettled }: PipelineOptions,
  nextTurn: () => Promise<void>,
): (work: Work) => Promise<Settlement> {
  const storeLetters = createStoreLetters(stages, nextTurn)

  return async function settleMessage(work) {
    const decoded = await stages.decode(work.message, work.messageBytes, work.wanted)
    const { made, passed } = await importAll(portionsOf(decoded, work.message), work)
    if (isToStore(kindsIn(work.outcomes))) {
      if (passed || (await stages.letterGuard.mayStore(work))) {
        await storeRejected(() => made ?? portionsOf(decoded, work.message), work, decoded)
      } else work.outcomes.returned = retry('all_rejected')
    }
    return stages.settle(kindsIn(work.outcomes))
  }

  function portionsOf(decoded: Decoded, message: Message): Portions {
    return createPortions(decoded, message, { stages, size: portion })
  }

  /** Resolves when all events that were sent have an outcome. */
  async function importAll(portions: Portions, work: Work): Promise<Imported> {
    let passed = false
    for (;;) {
      if (skipsSettled) work.skipSettled(portions.skip)
      const next = portions.next()
      passed = stages.letterGuard.notePassed(next.events) || passed
      stages.importEvents(work.begin(next))
      if (next.isLast || !(await isTimeForMore(work))) {
        await work.arrivals(0)
        const isWhole = next.events.length === work.outcomes.codes.length
        const made = isWhole ? { message: portions.message, next: () => next } : undefined
        return { made, passed: passed || hasPassed(kindsIn(work.outcomes)) }
      }
    }
  }

  async function isTimeForMore(work: Work): Promise<boolean> {
    await work.arrivals(windowBytes)
    await nextTurn()
    if (work.wanted()) return true
    work.leaveRest(retry('deadline'))
    return false
  }

  /**
   * Stores rejected events. It ends with the message's other work: an event that is not stored by
   * then comes again.
   */
  async function storeRejected(made: () => Made, work: Work, decoded: Decoded): Promise<void> {
    if (stages.rejectedGo === 'to_subscription') return
    if (await storeLetters(made, work, decodedBytesOf(decoded))) return
    work.outcomes.returned = retry(work.mayStore() ? 'dead_letter_unavailable' : 'deadline')
    stages.letterGuard.notStored(work.message)
  }
}

function decodedBytesOf(decoded: Decoded): number {
  return decoded.kind === 'lines' ? decoded.body.bytes.length : 0
}

/**
 * Whether rejected events are to be stored. They are only when the message will not come again:
 * otherwise they would be stored twice.
 */
function isToStore(outcomes: readonly EventOutcome[]): boolean {
  const isOne = (sought: EventOutcome['kind']) => outcomes.some(({ kind }) => kind === sought)
  return isOne('rejected') && !isOne('retry')
}

/** Whether an earlier delivery imported events that this one has not made again. */
function hasPassed(outcomes: readonly EventOutcome[]): boolean {
  return outcomes.some(({ kind }) => kind === 'imported' || kind === 'dropped')
}

interface Imported {
  /** The events of the message, when they made one portion. */
  readonly made: Made | undefined
  /** Whether one of them has passed, or was dropped. */
  readonly passed: boolean
}

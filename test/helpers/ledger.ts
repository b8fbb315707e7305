import { type ByteBudget, createByteBudget } from '../../src/lib/byte-budget.ts'
import { createLedger, type Ledger } from '../../src/message/ledger.ts'
import type { MessageProgress } from '../../src/message/message-progress.ts'
import type { Message } from '../../src/model/message.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { createEventTotals, type EventTotals } from '../../src/telemetry/event-totals.ts'
import { aMessage } from './builders.ts'
import { createFakeClock, type FakeClock, settlePromises } from './fake-clock.ts'

export const ACK_DEADLINE_MS = 10_000
/** A push is answered a second before its ack deadline. Delivery ends a second before that. */
export const ANSWER_MS = 9_000
export const DELIVER_MS = 8_000
export const MINUTE_MS = 60_000
/** The bytes that a waiting push is counted with. */
export const PUSH_BYTES = 8 * 1024

export interface Push {
  /** `waits`, then the settlement or the error. */
  answer: string
}

/** A ledger, and pushes to it. */
export interface LedgerScene {
  readonly clock: FakeClock
  readonly budget: ByteBudget
  readonly eventTotals: EventTotals
  readonly calls: { duplicates: number; reviews: number; readonly bugs: unknown[] }
  readonly ledger: Ledger
  /** Pushes a message. Resolves when all has happened that can happen at once. */
  push(message?: Message, answerMs?: number): Promise<Push>
}

export interface LedgerChanges {
  readonly clock?: FakeClock
  readonly review?: () => void
}

export function createLedgerScene(
  settleMessage: (progress: MessageProgress) => Promise<Settlement>,
  { clock = createFakeClock(), review }: LedgerChanges = {},
): LedgerScene {
  const budget = createByteBudget(1e9)
  const eventTotals = createEventTotals()
  const calls: LedgerScene['calls'] = { duplicates: 0, reviews: 0, bugs: [] }
  const ledger = createLedger(
    { ackDeadlineMs: ACK_DEADLINE_MS, maxRememberedBytes: 1e6 },
    {
      clock,
      openMessage: budget.openMessage,
      settleMessage,
      review: () => {
        calls.reviews += 1
        review?.()
      },
      telemetry: {
        eventsReceived: eventTotals.receive,
        eventsSettled: eventTotals.settle,
        duplicatePush: () => {
          calls.duplicates += 1
        },
        unforeseen: (error) => calls.bugs.push(error),
      },
    },
  )
  return { clock, budget, eventTotals, calls, ledger, push }

  async function push(message: Message = aMessage(), answerMs = ANSWER_MS): Promise<Push> {
    const push = { answer: 'waits' }
    ledger.settle(message, clock.monotonic() + answerMs).then(
      ({ kind, reason }) => {
        push.answer = `${kind} ${reason}`
      },
      (error: unknown) => {
        push.answer = String(error)
      },
    )
    await settlePromises()
    return push
  }
}

export function answersOf(pushes: readonly Push[]): readonly string[] {
  return pushes.map(({ answer }) => answer)
}

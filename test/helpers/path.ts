import { type Batcher, createBatcher } from '../../src/batch/batcher.ts'
import { createLinger } from '../../src/batch/linger.ts'
import { createLetterTally } from '../../src/dead-letter/letter-tally.ts'
import { createDecode } from '../../src/decode/decode.ts'
import { parseLine } from '../../src/decode/parse-line.ts'
import { createByteBudget, type MessageBytes } from '../../src/lib/byte-budget.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { MessageProgress } from '../../src/message/message-progress.ts'
import type { EarlierOutcomes } from '../../src/message/outcome-table.ts'
import type { Line } from '../../src/model/event.ts'
import type { Message } from '../../src/model/message.ts'
import { type EventOutcome, IMPORTED } from '../../src/model/outcome.ts'
import type { PendingEvent } from '../../src/model/pending-event.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { createPipeline, type Stages } from '../../src/pipeline.ts'
import { createPrepare, type PrepareOptions } from '../../src/prepare/prepare.ts'
import { type RejectedRoute, settlementOf } from '../../src/settle/settlement-of.ts'
import { asPublished } from '../../src/transform/transform.ts'
import { aMessage, base64 } from './builders.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'

/** How Mixpanel answers one batch. An error thrown here stands for a bug in the delivery. */
export interface FakeAnswer {
  readonly afterMs?: number
  readonly outcomeOf?: (name: string, event: PendingEvent) => EventOutcome
}

export interface PathChanges {
  readonly clock?: FakeClock
  readonly answerTo?: (names: readonly string[]) => FakeAnswer
  readonly stages?: Partial<Stages>
  readonly rejectedRoute?: RejectedRoute
  readonly maxEvents?: number
  readonly maxConcurrency?: number
  readonly portionEvents?: number
  readonly portionCharacters?: number
  readonly windowBytes?: number
  readonly keepsEvents?: boolean
  readonly insertId?: PrepareOptions['insertId']
}

export interface Path {
  readonly clock: FakeClock
  readonly batcher: Batcher
  readonly settleMessage: (progress: MessageProgress) => Promise<Settlement>
  /** The names of the events that Mixpanel was sent, in order. */
  readonly sent: readonly string[]
  /** The lines that were stored as dead letters, and the child of each. */
  readonly stored: readonly { readonly line: Line | undefined; readonly child: number }[]
}

/** The path of a message through its real rooms, between a fake Mixpanel and a fake store. */
export function createPath(changes: PathChanges = {}): Path {
  const {
    clock = createFakeClock(),
    answerTo = () => AT_ONCE,
    rejectedRoute = 'to_store',
  } = changes
  const { maxEvents = 100, maxConcurrency = 100, insertId = 'message' } = changes
  const { portionEvents = 1_000, portionCharacters = 1e6, windowBytes = 1e6 } = changes
  const { keepsEvents = true } = changes
  const sent: string[] = []
  const stored: Path['stored'][number][] = []
  const batcher = createBatcher(
    { maxEvents, maxBytes: 1e6, maxConcurrency },
    {
      clock,
      linger: createLinger(0),
      deliverBatch,
      lateReason: () => 'deadline',
      slotWanted: () => {},
    },
  )
  const stages: Stages = {
    decode: createDecode({ maxBytes: 1e8, maxFootprintBytes: 1e9 }, atOnce),
    parse: parseLine,
    transform: asPublished,
    prepare: createPrepare({ insertId }),
    importEvents: batcher.add,
    letterGuard: {
      hasAsked: false,
      passed: () => {},
      waitForLeave: async () => true,
      notStored: () => {},
    },
    rejectedRoute,
    tallyLetters: createLetterTally,
    storeMany: async () => true,
    storeRejected: async (_message, rejected) => {
      stored.push(...rejected.map(({ line, child }) => ({ line, child })))
      return true
    },
    settlementOf,
    ...changes.stages,
  }
  const options = {
    portion: { events: portionEvents, characters: portionCharacters },
    windowBytes,
    skipsSettled: insertId === 'message',
    keepsEvents,
  }
  return { clock, batcher, settleMessage: createPipeline(stages, options, atOnce), sent, stored }

  async function deliverBatch(batch: readonly PendingEvent[]): Promise<void> {
    const names = batch.map(nameOf)
    sent.push(...names)
    const { afterMs = 0, outcomeOf = () => IMPORTED } = answerTo(names)
    if (afterMs > 0) await passed(clock, afterMs)
    for (const event of batch) {
      event.sink.report(event, outcomeOf(nameOf(event), event))
    }
  }
}

const AT_ONCE: FakeAnswer = {}

/** Takes the letters of any message for so large that each portion is stored by itself. */
export const tallyAsLarge: Stages['tallyLetters'] = (message, decodedBytes) => {
  const tally = createLetterTally(message, decodedBytes)
  return { ...tally, bytes: () => Number.MAX_SAFE_INTEGER, areTooMany: () => false }
}

/** Grants every turn at once. */
async function atOnce(): Promise<void> {}

/** Makes the progress of a message without a deadline, unless it is changed. */
export function aProgress(
  message: Message = aMessage(),
  changes: Partial<ProgressChanges> = {},
): MessageProgress {
  const { deliverBy = Number.POSITIVE_INFINITY, now = () => 0, earlier, begun = () => {} } = changes
  const { bytes = createByteBudget(1e6).openMessage() } = changes
  const { endBy = deliverBy, stopped = () => {} } = changes
  const work = { ids: message.messageId, message, bytes, earlier, deliverBy, endBy }
  return new MessageProgress(work, { now, begun, stopped })
}

interface ProgressChanges {
  readonly deliverBy: number
  readonly endBy: number
  readonly stopped: () => void
  readonly now: () => number
  readonly earlier: EarlierOutcomes | undefined
  readonly begun: (count: number) => void
  readonly bytes: MessageBytes
}

/** Data of good events with these names, one on each line. */
export function dataOf(...names: readonly string[]): string {
  return base64(names.map(eventText).join('\n'))
}

/** A good event. */
export function eventText(name: string): string {
  return JSON.stringify({ event: name, properties: { distinct_id: 'u-1' } })
}

/** A good event with a time of its own. */
export function timedText(name: string): string {
  return JSON.stringify({
    event: name,
    properties: { distinct_id: 'u-1', time: 1_700_000_000_000 },
  })
}

function nameOf({ prepared }: PendingEvent): string {
  const { event: name }: { event: string } = JSON.parse(prepared.text)
  return name
}

function passed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve)
  })
}

import { createBatcher } from '../../../src/batch/batcher.ts'
import { createLinger } from '../../../src/batch/linger.ts'
import { createLetterTally } from '../../../src/dead-letter/letter-tally.ts'
import { latestGoesOnUntil, settleEvents } from '../../../src/deliver/settle-events.ts'
import { createByteBudget } from '../../../src/lib/byte-budget.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { createLedger, type Ledger } from '../../../src/message/ledger.ts'
import type { Body, Place } from '../../../src/model/event.ts'
import { IMPORTED, rejected, retry } from '../../../src/model/outcome.ts'
import type { PendingEvent } from '../../../src/model/pending-event.ts'
import type { Settlement } from '../../../src/model/settlement.ts'
import { createPipeline, type Stages } from '../../../src/pipeline.ts'
import { settlementOf } from '../../../src/settle/settlement-of.ts'
import { createEventTotals, type EventTotals } from '../../../src/telemetry/event-totals.ts'
import { aMessage, aPreparedEvent } from '../../helpers/builders.ts'
import {
  createSeededRandom,
  createVirtualTime,
  type VirtualTime,
} from '../../helpers/virtual-time.ts'

export interface History {
  readonly seed: number
  readonly instances: number
  /** In the message. */
  readonly events: number
  /** That Mixpanel takes from each instance. */
  readonly eventsPerSecond: number
  /** Which share of the events is rejected before it sets out, and becomes a dead letter. */
  readonly badShare?: number
  /** Whether an instance has CPU only while a push is open on it. */
  readonly freezes?: boolean
}

/** The end of one message. */
export interface Course {
  /** Until it was acked; infinity when it never was. */
  readonly deliveries: number
  /** To Mixpanel, by all instances. */
  readonly sent: number
  /** The number of events that Mixpanel was never sent. */
  readonly neverSent: number
  /** Whether the event totals of every instance balanced at the end, with nothing pending. */
  readonly balanced: boolean
}

const ACK_DEADLINE_MS = 10_000
const ANSWER_MS = 9_000
const LEAST_BACKOFF_MS = 10_000
const MOST_BACKOFF_MS = 600_000
const ROUND_TRIP_MS = 50
const TIMEOUT_MS = 30_000
const MOST_DELIVERIES = 60
/** The sizes of a real portion, batch and window, for a message of 60,000 events. */
const WHOLE_EVENTS = 60_000
const SIZES = { portion: 4_000, batch: 2_000, windowBytes: 16 * 1024 * 1024 }

const EVENT = aPreparedEvent()
const LATE = retry('deadline')
const TIMED_OUT = retry('mixpanel_timeout')
const BAD = rejected('invalid_event', 'no')
const message = aMessage()

/**
 * One message, pushed to a random instance each time, until it is acked. A message of fewer events
 * than 60,000 stands for one: each of its events then weighs as much as several.
 */
export async function courseOf(history: History): Promise<Course> {
  const random = createSeededRandom(history.seed)
  const time = createVirtualTime()
  const sent = new Uint8Array(history.events)
  const instances = Array.from({ length: history.instances }, () =>
    createInstance(history, time, sent),
  )
  let deliveries = Number.POSITIVE_INFINITY
  const pushing = pushUntilAcked()
  await time.runTo(48 * 3_600_000)
  await pushing
  for (const { thaw } of instances) thaw()
  await time.runTo(49 * 3_600_000)

  return {
    deliveries,
    sent: sent.reduce((sum, count) => sum + count, 0),
    neverSent: sent.filter((count, place) => count === 0 && !isBad(place, history)).length,
    balanced: instances.every(({ eventTotals }) => isBalanced(eventTotals)),
  }

  async function pushUntilAcked(): Promise<void> {
    for (let delivery = 1; delivery <= MOST_DELIVERIES; delivery += 1) {
      const instance = instances[Math.floor(random() * instances.length)]
      const settlement = await instance?.push()
      if (settlement?.kind === 'ack') {
        deliveries = delivery
        return
      }
      await time.sleep(backoffMs(delivery))
    }
  }

  /** Pub/Sub's: doubling, with jitter. */
  function backoffMs(delivery: number): number {
    const ceiling = Math.min(MOST_BACKOFF_MS, LEAST_BACKOFF_MS * 2 ** (delivery - 1))
    return Math.max(LEAST_BACKOFF_MS, ceiling * (0.5 + random() / 2))
  }
}

interface Instance {
  readonly eventTotals: EventTotals
  thaw(): void
  push(): Promise<Settlement>
}

/** The real ledger, pipeline and batcher, between stages and a Mixpanel that are not. */
function createInstance(history: History, time: VirtualTime, sent: Uint8Array): Instance {
  const { events, eventsPerSecond, freezes = false } = history
  const scale = events / WHOLE_EVENTS
  const clock = createFreezable(time)
  const eventTotals = createEventTotals()
  let usedUntil = 0
  let lastTurn = Promise.resolve()
  let open = 0
  const batcher = createBatcher(
    { maxEvents: SIZES.batch * scale, maxBytes: 1e9, maxConcurrency: 16 },
    {
      clock,
      linger: createLinger(10),
      deliverBatch,
      lateReason: () => 'deadline',
      slotWanted: () => {},
    },
  )
  const settleMessage = createPipeline(
    stagesOf(history, batcher.add),
    {
      portion: { events: SIZES.portion * scale, characters: 1e9 },
      windowBytes: SIZES.windowBytes * scale,
      skipsSettled: history.seed % 2 === 0,
      keepsEvents: false,
    },
    async () => {},
  )
  const ledger: Ledger = createLedger(
    { ackDeadlineMs: ACK_DEADLINE_MS, maxRememberedBytes: 1e7 },
    {
      clock,
      openMessage: createByteBudget(1e9).openMessage,
      settleMessage,
      review: batcher.review,
      telemetry: {
        eventsReceived: eventTotals.receive,
        eventsSettled: eventTotals.settle,
        duplicatePush: () => {},
        unforeseen: (error) => {
          throw error
        },
      },
    },
  )
  return { eventTotals, thaw: clock.thaw, push }

  async function push(): Promise<Settlement> {
    open += 1
    clock.thaw()
    const settlement = await ledger.settle(message, clock.monotonic() + ANSWER_MS)
    open -= 1
    if (freezes && open === 0) clock.freeze()
    return settlement
  }

  async function deliverBatch(batch: readonly PendingEvent[]): Promise<void> {
    await turnOf(batch)
    const sentAt = clock.monotonic()
    if (sentAt >= latestGoesOnUntil(batch)) return settleEvents(batch, LATE)
    usedUntil = sentAt + (batch.length / eventsPerSecond) * 1_000
    for (const { place } of batch) sent[place] = (sent[place] ?? 0) + 1
    await passed(ROUND_TRIP_MS)
    // An answer that came while the instance was frozen is read after the time-out has rung.
    settleEvents(batch, clock.monotonic() - sentAt > TIMEOUT_MS ? TIMED_OUT : IMPORTED)
  }

  /** Comes when those before have had their turn, and Mixpanel takes more. */
  function turnOf(batch: readonly PendingEvent[]): Promise<void> {
    const before = lastTurn
    lastTurn = before.then(async () => {
      if (clock.monotonic() < latestGoesOnUntil(batch)) await passed(usedUntil - clock.monotonic())
    })
    return lastTurn
  }

  function passed(ms: number): Promise<void> {
    return new Promise((resolve) => clock.after(ms, resolve))
  }
}

function stagesOf(history: History, importEvents: Stages['importEvents']): Stages {
  const body: Body = { bytes: Buffer.from('{}'), isUtf8: true }
  const lines: readonly Place[] = Array.from({ length: history.events }, (_, index) => ({
    number: index + 1,
    start: 0,
    end: 2,
  }))
  return {
    decode: () => ({ kind: 'lines', body, lines }),
    parse: (_body, { number }) => ({
      line: { number, text: '{}' },
      parsed: { kind: 'json', value: {} },
    }),
    transform: (value, line) => [{ line, child: 0, text: line.text, value }],
    prepare:
      () =>
      ({ line }) =>
        isBad(line.number - 1, history) ? BAD : EVENT,
    importEvents,
    letterGuard: {
      hasAsked: false,
      passed: () => {},
      waitForLeave: async () => true,
      notStored: () => {},
    },
    rejectedRoute: 'to_store',
    tallyLetters: createLetterTally,
    storeRejected: async () => true,
    storeMany: async () => true,
    settlementOf,
  }
}

function isBad(place: number, { badShare = 0 }: History): boolean {
  return place % 100 < badShare * 100
}

interface Freezable extends Clock {
  freeze(): void
  thaw(): void
}

/** A clock whose tasks do not run while it is frozen; its hands move on, as those of a machine. */
function createFreezable(time: VirtualTime): Freezable {
  let late: (() => void)[] = []
  let frozen = false

  return {
    now: time.now,
    monotonic: time.monotonic,
    after: (ms, task) => {
      let isOff = false
      const run = (): void => {
        if (isOff) return
        if (frozen) late.push(run)
        else task()
      }
      const cancel = time.after(ms, run)
      return () => {
        isOff = true
        cancel()
      }
    },
    freeze: () => {
      frozen = true
    },
    thaw: () => {
      frozen = false
      const due = late
      late = []
      for (const run of due) run()
    },
  }
}

function isBalanced(eventTotals: EventTotals): boolean {
  const { received, imported, dead_lettered, dropped, returned, pending } = eventTotals.snapshot()
  return received === imported + dead_lettered + dropped + returned + pending && pending === 0
}

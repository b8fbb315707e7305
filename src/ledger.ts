import { hash } from 'node:crypto'
import { type Alarm, createAlarms } from './lib/alarms.ts'
import type { Hold } from './lib/byte-budget.ts'
import type { Clock } from './lib/clock.ts'
import { createEmptiedMap } from './lib/emptied-map.ts'
import { createMemory, type MemoryOptions } from './memory.ts'
import type { Message } from './model/message.ts'
import type { Settlement } from './model/settlement.ts'
import type { Telemetry } from './model/telemetry.ts'
import { freshIn, pastOf } from './outcomes.ts'
import { nack } from './settle/settlement-of.ts'
import { createWork, type Work } from './work.ts'

export interface LedgerParts {
  readonly clock: Clock
  readonly openHold: () => Hold
  readonly settleMessage: (work: Work) => Promise<Settlement>
  /** Makes the batcher send back what has waited past its time. */
  readonly returnLate: () => void
  readonly telemetry: Pick<
    Telemetry,
    'eventsReceived' | 'eventsSettled' | 'duplicatePush' | 'unforeseen'
  >
}

/** The messages under way, and for a while what became of them. */
export interface Ledger {
  /**
   * Resolves with what Pub/Sub is to be told of one push of a message, at the monotonic instant
   * `answerBy` at the latest. A message already under way is joined, one just acked is acked
   * again. Rejects only on a bug.
   */
  settle(message: Message, answerBy: number): Promise<Settlement>
  /** Pulls every deadline to `answerBy` and resolves when no push waits any more. */
  drain(answerBy: number): Promise<void>
}

/** Delivery ends this long before the answer is due, to leave time for dead letters. */
const DEAD_LETTER_MS = 1_000

/** One push of a message that is under way. */
interface Waiter extends PromiseWithResolvers<Settlement> {
  alarm: Alarm
}

interface UnderWay {
  readonly key: string
  work: Work
  waiters: readonly Waiter[]
}

const LATE = nack('deadline')
const DRAINING = nack('draining')

/** The ledger of one process. Nothing in it is needed for correctness: it saves doing things twice. */
export function createLedger(options: MemoryOptions, parts: LedgerParts): Ledger {
  const { clock, openHold, settleMessage, returnLate, telemetry } = parts
  const memory = createMemory(options, clock)
  const underWay = createEmptiedMap<UnderWay>()
  const alarms = createAlarms(clock)
  let drainBy = Number.POSITIVE_INFINITY

  return { settle, drain }

  function settle(message: Message, answerBy: number): Promise<Settlement> {
    if (drainBy !== Number.POSITIVE_INFINITY) return Promise.resolve(DRAINING)
    const key = keyOf(message)
    const settlement = memory.recallAck(key)
    const running = underWay.get(key)
    if (settlement || running) telemetry.duplicatePush()
    if (settlement) return Promise.resolve(settlement)
    const entry = running ?? take(key, message, answerBy)
    return wait(entry, answerBy)
  }

  async function drain(answerBy: number): Promise<void> {
    drainBy = answerBy
    const deliverBy = answerBy - DEAD_LETTER_MS
    for (const { work } of underWay.values()) work.deliverBy = Math.min(work.deliverBy, deliverBy)
    alarms.pullTo(deliverBy)
    const waiters = [...underWay.values()].flatMap((entry) => entry.waiters)
    await Promise.allSettled(waiters.map(({ promise }) => promise))
  }

  function take(key: string, message: Message, answerBy: number): UnderWay {
    const work = workOn(key, message, answerBy - DEAD_LETTER_MS)
    const entry: UnderWay = { key, work, waiters: [] }
    underWay.set(key, entry)
    run(entry)
    return entry
  }

  function workOn(key: string, message: Message, deliverBy: number): Work {
    const hold = openHold()
    hold.add(sizeOf(message))
    return createWork(message, deliverBy, {
      hold,
      past: memory.recallOutcomes(key),
      now: clock.monotonic,
      begun: telemetry.eventsReceived,
    })
  }

  function run(entry: UnderWay): void {
    settleMessage(entry.work).then(
      (settlement) => finish(entry, settlement),
      (error: unknown) => abandon(entry, error),
    )
  }

  function finish(entry: UnderWay, settlement: Settlement): void {
    const { key, work } = entry
    close(work, settlement)
    remember(entry, settlement)
    // A push that joined after some events had gone back for want of time brings new time.
    if (settlement.reason === 'deadline' && work.wanted()) {
      entry.work = workOn(key, work.message, work.deliverBy)
      run(entry)
      return
    }
    underWay.delete(key)
    for (const waiter of entry.waiters) leave(entry, waiter).resolve(settlement)
  }

  function remember({ key, work, waiters }: UnderWay, settlement: Settlement): void {
    if (settlement.kind === 'nack') memory.nacked(key, pastOf(work.outcomes))
    else if (waiters.length > 0) memory.ackTold(key, settlement)
    else memory.ackUntold(key, settlement)
  }

  function abandon(entry: UnderWay, error: unknown): void {
    // Whoever waits is told, and tells; a bug that nobody waits for must be told too.
    if (entry.waiters.length === 0) telemetry.unforeseen(error)
    close(entry.work, LATE)
    underWay.delete(entry.key)
    for (const waiter of entry.waiters) leave(entry, waiter).reject(error)
  }

  function close(work: Work, settlement: Settlement): void {
    work.hold.release()
    telemetry.eventsSettled(freshIn(work.outcomes), settlement)
  }

  function wait(entry: UnderWay, answerBy: number): Promise<Settlement> {
    const deliverBy = answerBy - DEAD_LETTER_MS
    const alarm = alarms.set(deliverBy, lastCall)
    const waiter: Waiter = { ...Promise.withResolvers<Settlement>(), alarm }
    entry.waiters = [...entry.waiters, waiter]
    entry.work.deliverBy = Math.max(entry.work.deliverBy, deliverBy)
    return waiter.promise

    function lastCall(): void {
      const tooLate = Math.min(answerBy, drainBy)
      waiter.alarm = alarms.set(tooLate, () => leave(entry, waiter).resolve(LATE))
      returnLate()
    }
  }
}

function leave(entry: UnderWay, waiter: Waiter): Waiter {
  waiter.alarm.cancel()
  entry.waiters = entry.waiters.filter((other) => other !== waiter)
  return waiter
}

/** In characters, which is in bytes what V8 takes for most of them. */
function sizeOf({ data, attributes }: Message): number {
  let size = data.length
  for (const [name, value] of Object.entries(attributes)) size += name.length + value.length
  return size
}

/**
 * Message ids alone lie (curl samples, emulators and hand-made pushes reuse them), so the key is
 * a digest of all that makes the message.
 */
function keyOf(message: Message): string {
  const { subscription, messageId, attributes, data, replay } = message
  const names = Object.keys(attributes).sort()
  const identity = JSON.stringify([
    subscription,
    messageId,
    names.map((name) => [name, attributes[name]]),
    // The letters of one message differ in nothing else when their lines are equal.
    replay && [replay.pushedAs, replay.id, replay.line, replay.ordinal, replay.replays],
  ])
  return hash('sha256', `${identity}${data}`, 'base64')
}

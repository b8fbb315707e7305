import { type Alarm, createAlarms } from '../lib/alarms.ts'
import type { MessageBytes } from '../lib/byte-budget.ts'
import type { Clock } from '../lib/clock.ts'
import { heapBytesOf } from '../lib/heap-bytes.ts'
import type { Message } from '../model/message.ts'
import type { Nack, Settlement } from '../model/settlement.ts'
import type { Telemetry } from '../model/telemetry.ts'
import { nack } from '../settle/settlement-of.ts'
import { type BegunMessage, MessageProgress } from './message-progress.ts'
import type { EarlierOutcomes } from './outcome-table.ts'
import { digestOf, isSameMessage } from './same-message.ts'
import { createSettledMemory, type MemoryOptions, type NamedMessage } from './settled-memory.ts'

export interface LedgerDeps {
  readonly clock: Clock
  readonly openMessage: () => MessageBytes
  readonly settleMessage: (progress: MessageProgress) => Promise<Settlement>
  /** Looks at all waiting events again. It is called when deadlines have moved. */
  readonly review: () => void
  readonly telemetry: Pick<
    Telemetry,
    'eventsReceived' | 'eventsSettled' | 'duplicatePush' | 'unforeseen'
  >
}

/** The messages under way, and for a while the outcomes of earlier ones. */
export interface Ledger {
  /**
   * Resolves with the settlement for one push of a message, at the monotonic instant `answerBy` at
   * the latest. A push of a message under way joins it. A push of a message that was just acked is
   * acked again when Pub/Sub did not get the ack, or when letters were stored. Rejects only on a bug.
   */
  settle(message: Message, answerBy: number): Promise<Settlement>
  /**
   * Gives up the work that no push waits for, because a waiting push needs the memory that it
   * holds.
   */
  makeWay(): void
  /**
   * Moves every deadline to `answerBy`, gives up the work that no push waits for, and resolves when
   * no push waits any more. A second call does not extend the time.
   */
  drain(answerBy: number): Promise<void>
}

/** The time between the end of delivery and the answer, for the storing of dead letters. */
const DEAD_LETTER_MS = 1_000
/** The time that work goes on after its last push was answered, in ack deadlines. */
const GOES_ON_DEADLINES = 2
/** The memory that a waiting push takes: socket, request, answer, and its entry here. */
const PUSH_BYTES = 8 * 1024
/** The rough size of an attribute without its name and its value. */
const ATTRIBUTE_BYTES = 64

/** One push of a message that is under way. */
interface Waiter extends PromiseWithResolvers<Settlement> {
  alarm: Alarm
}

/** The work for a message, with its deadlines and the outcomes of earlier deliveries. */
type Work = Omit<BegunMessage, 'bytes'>

interface UnderWay {
  /** The map that holds the entry, and the key in it. */
  readonly home: Map<string, UnderWay>
  readonly key: string
  /**
   * The work; absent once it is over. V8's Map keeps a deleted entry until the next major collection
   * (decision 14), so an entry refers to nothing then.
   */
  progress: MessageProgress | undefined
  waiters: readonly Waiter[]
  /** The alarm for the end of work that no push waits for. */
  alarm: Alarm | undefined
}

const LATE = nack('deadline')
const DRAINING = nack('draining')

/** Makes the ledger of one process. Correctness does not depend on it: it saves repeated work. */
export function createLedger(options: MemoryOptions, deps: LedgerDeps): Ledger {
  const { clock, openMessage, settleMessage, review, telemetry } = deps
  const goesOnMs = GOES_ON_DEADLINES * options.ackDeadlineMs
  const progressDeps = { now: clock.monotonic, begun: telemetry.eventsReceived, stopped: review }
  const memory = createSettledMemory(options, clock)
  const byIds = new Map<string, UnderWay>()
  /** The messages under way, by digest, that came when another message had their ids. */
  const namesakes = new Map<string, UnderWay>()
  const unattended = new Set<UnderWay>()
  const alarms = createAlarms(clock)
  let drainBy = Number.POSITIVE_INFINITY

  return { settle, makeWay, drain }

  function settle(message: Message, answerBy: number): Promise<Settlement> {
    if (drainBy !== Number.POSITIVE_INFINITY) return Promise.resolve(DRAINING)
    const named = { ids: idsOf(message), message }
    const running = find(named)
    const last = running ? undefined : memory.recall(named)
    if (running || last?.kind === 'acked') telemetry.duplicatePush()
    if (last?.kind === 'acked') return Promise.resolve(last.settlement)
    if (running) attend(running, answerBy)
    return wait(running ?? begin(named, answerBy, last?.outcomes), answerBy)
  }

  /**
   * Finds the work for a message by its ids, and compares the message that is held meanwhile: two
   * different messages are never joined. Only a message whose ids another one has costs a digest.
   */
  function find({ ids, message }: NamedMessage): UnderWay | undefined {
    const first = byIds.get(ids)
    if (first?.progress && isSameMessage(first.progress.message, message)) return first
    return first || namesakes.size > 0 ? namesakes.get(digestOf(message)) : undefined
  }

  function underWay(): readonly UnderWay[] {
    return [...byIds.values(), ...namesakes.values()]
  }

  function makeWay(): void {
    if (unattended.size === 0) return
    const now = clock.monotonic()
    for (const { progress, alarm } of unattended) {
      progress?.giveUp(now)
      if (alarm) alarms.cancel(alarm)
    }
    unattended.clear()
    review()
  }

  async function drain(answerBy: number): Promise<void> {
    drainBy = Math.min(drainBy, answerBy)
    makeWay()
    const deliverBy = drainBy - DEAD_LETTER_MS
    for (const { progress } of underWay()) progress?.pullTo(deliverBy, drainBy)
    alarms.pullTo(deliverBy)
    review()
    const waiters = underWay().flatMap((entry) => entry.waiters)
    await Promise.allSettled(waiters.map(({ promise }) => promise))
    // The process ends, and no push waits: an event without an outcome comes again.
    for (const entry of underWay()) end(entry, DRAINING)
  }

  function begin(
    { ids, message }: NamedMessage,
    answerBy: number,
    earlier: EarlierOutcomes | undefined,
  ): UnderWay {
    const home = byIds.has(ids) ? namesakes : byIds
    const key = home === namesakes ? digestOf(message) : ids
    const entry: UnderWay = { home, key, progress: undefined, waiters: [], alarm: undefined }
    home.set(key, entry)
    const deliverBy = answerBy - DEAD_LETTER_MS
    work(entry, { ids, message, earlier, deliverBy, endBy: answerBy + goesOnMs })
    return entry
  }

  function work(entry: UnderWay, facts: Work): void {
    const bytes = openMessage()
    bytes.add(sizeOf(facts.message) + PUSH_BYTES * entry.waiters.length)
    const progress = new MessageProgress({ ...facts, bytes }, progressDeps)
    entry.progress = progress
    settleMessage(progress).then(
      (settlement) => finish(entry, progress, settlement),
      (error: unknown) => abandon(entry, progress, error),
    )
  }

  function finish(entry: UnderWay, progress: MessageProgress, settlement: Settlement): void {
    if (entry.progress !== progress) return
    const { waiters } = entry
    if (settlement.kind === 'nack') {
      if (workAgain(entry, progress, settlement)) return
    } else if (waiters.length > 0) memory.acked(progress, settlement)
    else memory.ackedUnheard(progress, settlement)
    end(entry, settlement)
    const answer = { ...settlement, events: progress.outcomes.events }
    for (const { resolve } of waiters) resolve(answer)
  }

  /**
   * Remembers the outcomes of a message that is nacked. When some events had gone back for lack of
   * time, and a push that joined later brings new time, the work begins again. Returns whether it
   * does.
   */
  function workAgain(entry: UnderWay, progress: MessageProgress, settlement: Nack): boolean {
    const earlier = progress.outcomes.snapshot()
    memory.nacked(progress, earlier)
    if (settlement.reason !== 'deadline' || !progress.wanted()) return false
    close(progress, settlement)
    const { ids, message, deliverBy, endBy } = progress
    work(entry, { ids, message, earlier, deliverBy, endBy })
    return true
  }

  function abandon(entry: UnderWay, progress: MessageProgress, error: unknown): void {
    const { waiters } = entry
    // A waiting push reports the bug. Without one, it must be reported here.
    if (waiters.length === 0) telemetry.unforeseen(error)
    if (entry.progress !== progress) return
    end(entry, LATE)
    for (const { reject } of waiters) reject(error)
  }

  /** Ends the work on a message, and lets go of all that it holds. */
  function end(entry: UnderWay, settlement: Settlement): void {
    if (entry.progress) close(entry.progress, settlement)
    if (entry.alarm) alarms.cancel(entry.alarm)
    for (const { alarm } of entry.waiters) alarms.cancel(alarm)
    unattended.delete(entry)
    entry.home.delete(entry.key)
    entry.progress = undefined
    entry.waiters = []
  }

  function close({ bytes, outcomes }: MessageProgress, settlement: Settlement): void {
    bytes.release()
    telemetry.eventsSettled(outcomes.newTotals(), settlement)
  }

  function wait(entry: UnderWay, answerBy: number): Promise<Settlement> {
    const alarm = alarms.set(answerBy - DEAD_LETTER_MS, endDelivery)
    const waiter: Waiter = { ...Promise.withResolvers<Settlement>(), alarm }
    entry.waiters = [...entry.waiters, waiter]
    entry.progress?.bytes.add(PUSH_BYTES)
    return waiter.promise

    function endDelivery(): void {
      const tooLate = Math.min(answerBy, drainBy)
      waiter.alarm = alarms.set(tooLate, giveUp)
      review()
    }

    function giveUp(): void {
      entry.waiters = entry.waiters.filter((other) => other !== waiter)
      entry.progress?.bytes.giveBack(PUSH_BYTES)
      waiter.resolve(LATE)
      if (entry.waiters.length === 0) goOnAlone(entry)
    }
  }

  /** Gives the work the time of another push that waits for it. */
  function attend(entry: UnderWay, answerBy: number): void {
    entry.progress?.extendTo(answerBy - DEAD_LETTER_MS, answerBy + goesOnMs)
    if (!unattended.delete(entry)) return
    if (entry.alarm) alarms.cancel(entry.alarm)
    review()
  }

  /**
   * Lets the work go on for as long as it may, unless other messages need the memory that it holds.
   */
  function goOnAlone(entry: UnderWay): void {
    unattended.add(entry)
    const goesOnUntil = entry.progress?.goesOnUntil() ?? 0
    if (goesOnUntil > clock.monotonic()) entry.alarm = alarms.set(goesOnUntil, review)
    review()
  }
}

function sizeOf({ data, attributes }: Message): number {
  let size = data.length
  for (const [name, value] of Object.entries(attributes)) {
    size += ATTRIBUTE_BYTES + heapBytesOf(name) + heapBytesOf(value)
  }
  return size
}

/**
 * Returns the ids of a message in one text. Other messages may have the same. Each subscription of a
 * topic delivers its messages with the same message ids.
 */
function idsOf({ subscription, messageId, replay }: Message): string {
  return `${replay?.id ?? messageId} ${subscription}`
}

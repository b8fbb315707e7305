import { GivenUpError, pause, untilDownTo } from './patience.ts'
import { type Lacking, sumOf } from './planned-event.ts'
import { anyMessages, type MessagePlanner, type PlannedMessage } from './planned-message.ts'

/** One topic and its only subscription. */
export interface Channel {
  /** Publishes the messages at once, and enters their expected fates. */
  publish(messages: readonly PlannedMessage[]): void
  /** The number of messages that are not acked yet. */
  backlog(): number
}

export interface PublisherDeps {
  readonly planner: () => MessagePlanner
  /** The planner for messages beside the run, so that the seed alone decides the run's events. */
  readonly sidePlanner: () => MessagePlanner
  /** The time without any ack after which a run is given up. */
  readonly patienceMs: number
  /** The channels to draw from. One that is listed twice is drawn twice as often. */
  readonly channels: readonly Channel[]
}

/** A publisher that stays at most 300 messages ahead of the acks. */
export interface Publisher {
  /**
   * Resolves when all runs together have published `events` events, and few messages wait.
   * Rejects with a `GivenUpError` when the service acks no more messages.
   */
  run(events: number): Promise<void>
  /** Publishes small messages beside the run until `enough` fires. */
  keepOn(enough: AbortSignal): Promise<void>
  /** Publishes one message beside the run. */
  publish(message: PlannedMessage): void
  /** The number of events published so far, in the run and beside it. */
  events(): number
  messages(): number
  lacking(): Lacking
}

const MOST_AHEAD = 300
/** The messages that may wait at the end of a run: most of it has then met the faults. */
const FEW = 50
/** The most events of a message that is there to be held. */
const SMALL = 8
/** Enough messages to fill a window, and few beside those of the run. */
const AT_ONCE = 5
const LOOK_AGAIN_MS = 10

export function createPublisher(deps: PublisherDeps): Publisher {
  const { planner, sidePlanner, channels, patienceMs } = deps
  let ran = 0
  let events = 0
  let messages = 0
  let lacking: Lacking = { time: 0, insertId: 0 }

  return {
    run,
    keepOn,
    publish: (message) => publishBy(sidePlanner, [message]),
    events: () => events,
    messages: () => messages,
    lacking: () => lacking,
  }

  async function run(wanted: number): Promise<void> {
    while (ran < wanted) {
      while (ran < wanted && backlog() < MOST_AHEAD) publishNext(wanted - ran)
      await takenUpTo(MOST_AHEAD - 1)
    }
    await takenUpTo(FEW)
  }

  function publishNext(most: number): void {
    const before = events
    publishBy(planner, anyMessages(planner(), most))
    ran += events - before
  }

  async function takenUpTo(most: number): Promise<void> {
    if (await untilDownTo(most, backlog, patienceMs)) return
    throw new GivenUpError(`${backlog()} messages wait, and none was acked for ${patienceMs} ms`)
  }

  async function keepOn(enough: AbortSignal): Promise<void> {
    while (!enough.aborted) {
      for (let at = 0; at < AT_ONCE && backlog() < MOST_AHEAD; at += 1) {
        publishBy(sidePlanner, anyMessages(sidePlanner(), SMALL))
      }
      await pause(LOOK_AGAIN_MS)
    }
  }

  function publishBy(by: () => MessagePlanner, published: readonly PlannedMessage[]): void {
    by().random.pick(channels).publish(published)
    messages += published.length
    for (const message of published) {
      events += message.events
      lacking = sumOf([lacking, message.lacking])
    }
  }

  function backlog(): number {
    return [...new Set(channels)].reduce((sum, one) => sum + one.backlog(), 0)
  }
}

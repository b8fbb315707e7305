import { pause } from './patience.ts'
import { type Lacking, type Planner, sumOf } from './planned-event.ts'
import { anyMessage, type PlannedMessage } from './planned-message.ts'

/** One topic, and the one subscription to it. */
export interface Channel {
  /** Publishes, and enters it in the books. */
  publish(message: PlannedMessage): void
  /** Messages that are not acked yet. */
  backlog(): number
}

export interface PublisherParts {
  readonly planner: () => Planner
  /** Drawn from as often as they stand in it. */
  readonly channels: readonly Channel[]
}

/** Publishes until there are so many events, and never more than so many messages ahead. */
export interface Publisher {
  /** Resolves when so many events are published in all. */
  run(events: number): Promise<void>
  /** Publishes small messages until it is told that it is enough. */
  keepOn(enough: AbortSignal): Promise<void>
  publish(message: PlannedMessage, channel?: Channel): void
  /** Published so far. */
  events(): number
  messages(): number
  lacking(): Lacking
}

const MOST_AHEAD = 300
/** Events of a message that is there to be held. */
const SMALL = 8
/** Enough of them to fill a window, and few beside those of the run. */
const AT_ONCE = 5
const LOOK_AGAIN_MS = 10

export function createPublisher({ planner, channels }: PublisherParts): Publisher {
  let events = 0
  let messages = 0
  let lacking: Lacking = { time: 0, insertId: 0 }

  return {
    run,
    keepOn,
    publish,
    events: () => events,
    messages: () => messages,
    lacking: () => lacking,
  }

  async function run(wanted: number): Promise<void> {
    while (events < wanted) {
      while (events < wanted && hasRoom()) publish(anyMessage(planner(), wanted - events))
      await pause(LOOK_AGAIN_MS)
    }
  }

  async function keepOn(enough: AbortSignal): Promise<void> {
    while (!enough.aborted) {
      for (let at = 0; at < AT_ONCE && hasRoom(); at += 1) publish(anyMessage(planner(), SMALL))
      await pause(LOOK_AGAIN_MS)
    }
  }

  function publish(message: PlannedMessage, channel = planner().random.pick(channels)): void {
    channel.publish(message)
    events += message.events
    messages += 1
    lacking = sumOf([lacking, message.lacking])
  }

  function hasRoom(): boolean {
    return [...new Set(channels)].reduce((sum, one) => sum + one.backlog(), 0) < MOST_AHEAD
  }
}

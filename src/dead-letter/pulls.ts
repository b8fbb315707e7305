import type { Clock } from '../lib/clock.ts'
import type { PubsubAnswer } from './pubsub-client.ts'
import type { Received, SubscriptionClient } from './subscription-client.ts'

/** The pulls of one command. They go on when Pub/Sub fails, and end when the command is ended. */
export interface Pulls {
  /** Leases up to this number of messages. Rejects when Pub/Sub fails again and again. */
  next(most: number): Promise<readonly Received[]>
  /** Waits, until the command is ended. */
  pause(ms: number): Promise<void>
  /** Returns the number of pulls whose answers did not come. They may have leased messages. */
  unanswered(): number
}

export interface PullsDeps {
  readonly client: Pick<SubscriptionClient, 'pull'>
  readonly clock: Pick<Clock, 'after'>
  /** Aborts when the command is ended. */
  readonly ending: AbortSignal
  /** Makes the error to throw when Pub/Sub cannot be pulled from. */
  readonly failure: (answer: PubsubAnswer) => Error
}

const GRACE_MS = 5_000
const MOST_FAILURES = 3
const AGAIN_AFTER_MS = 1_000

/** Makes the pulls of a command. */
export function createPulls({ client, clock, ending, failure }: PullsDeps): Pulls {
  let unanswered = 0

  return { next, pause, unanswered: () => unanswered }

  async function next(most: number): Promise<readonly Received[]> {
    for (let failures = 1; ; failures += 1) {
      ending.throwIfAborted()
      const pulled = await beforeEnd(client.pull(most))
      if (pulled.kind === 'pulled') return pulled.received
      if (pulled.answer.kind === 'unanswered') unanswered += 1
      ending.throwIfAborted()
      if (failures === MOST_FAILURES || !mayPass(pulled.answer)) throw failure(pulled.answer)
      await pause(AGAIN_AFTER_MS)
    }
  }

  /** Waits for a pull, but not for long when the command is ended: it may still bring messages. */
  function beforeEnd(pull: ReturnType<typeof client.pull>): typeof pull {
    return new Promise((resolve, reject) => {
      const end = () => clock.after(GRACE_MS, () => reject(ending.reason))
      ending.addEventListener('abort', end)
      void pull.then(resolve, reject).finally(() => ending.removeEventListener('abort', end))
    })
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, over)
      ending.addEventListener('abort', over)

      function over(): void {
        cancel()
        ending.removeEventListener('abort', over)
        resolve()
      }
    })
  }
}

/** Whether a failure may pass by itself. */
function mayPass(answer: PubsubAnswer): boolean {
  if (answer.kind === 'answered') return answer.status === 429 || answer.status >= 500
  return answer.kind === 'unanswered'
}

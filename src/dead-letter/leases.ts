import type { Clock } from '../lib/clock.ts'
import type { SubscriptionClient } from './subscription-client.ts'

/** The leases of pulled messages. They are extended until they are acked or given back. */
export interface Leases {
  /** Takes leases that began at this time, in monotonic ms. */
  hold(ackIds: readonly string[], since: number): void
  /** Acks. Resolves with the ids that may not be acked; their leases are still held. */
  acknowledge(ackIds: readonly string[]): Promise<readonly string[]>
  held(): number
  /**
   * Gives all messages back, and extends no lease any more. Resolves with the number of messages
   * that come again later only, when their leases end.
   */
  giveBack(): Promise<number>
}

export interface LeasesDeps {
  readonly client: Pick<SubscriptionClient, 'acknowledge' | 'modifyAckDeadline'>
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
}

/**
 * The length of a lease in seconds. The messages of a command that is killed come again after it.
 */
export const LEASE_SECONDS = 60
const LEASE_MS = LEASE_SECONDS * 1_000
const LOOK_EACH_MS = 2_000

/** Makes an empty set of leases. `ackDeadlineMs` is the length of a lease at first. */
export function createLeases(
  ackDeadlineMs: number,
  { client, clock: { monotonic, after } }: LeasesDeps,
): Leases {
  /** The time from which each lease is to be extended, in monotonic ms. */
  const renewals = new Map<string, number>()
  let renewing = Promise.resolve()
  let isOver = false
  let cancel = lookLater()

  return { hold, acknowledge, held: () => renewals.size, giveBack }

  function hold(ackIds: readonly string[], since: number): void {
    // A long lease is shortened at once, so that a killed command keeps no message for long.
    const renewAt = ackDeadlineMs > LEASE_MS ? since : since + ackDeadlineMs / 3
    for (const ackId of ackIds) renewals.set(ackId, renewAt)
  }

  function lookLater(): () => void {
    return after(LOOK_EACH_MS, () => {
      renewing = renewDue().then(() => {
        if (!isOver) cancel = lookLater()
      })
    })
  }

  async function renewDue(): Promise<void> {
    const now = monotonic()
    const due = [...renewals].filter(([, renewAt]) => renewAt <= now).map(([ackId]) => ackId)
    if (due.length === 0) return
    const failed = new Set(await client.modifyAckDeadline(due, LEASE_SECONDS))
    for (const ackId of due) {
      // It may be acked by now.
      if (!failed.has(ackId) && renewals.has(ackId)) renewals.set(ackId, now + LEASE_MS / 3)
    }
  }

  async function acknowledge(ackIds: readonly string[]): Promise<readonly string[]> {
    const failed = await client.acknowledge(ackIds)
    const isFailed = new Set(failed)
    for (const ackId of ackIds) if (!isFailed.has(ackId)) renewals.delete(ackId)
    return failed
  }

  async function giveBack(): Promise<number> {
    isOver = true
    cancel()
    // An extension that is under way could come after it.
    await renewing
    const failed = await client.modifyAckDeadline([...renewals.keys()], 0)
    renewals.clear()
    return failed.length
  }
}

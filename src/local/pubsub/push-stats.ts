import type { Delivery } from './delivery.ts'

/**
 * The result of one push: an answer of any status, a broken connection, or no answer in time. `code`
 * is that of a problem (RFC 9457) in the answer. Pub/Sub itself does not read it.
 */
export type PushResult = Readonly<
  { kind: 'answered'; status: number; code?: string } | { kind: 'no_answer' } | { kind: 'deadline' }
>

/** The counts of a subscription since it was created. */
export interface PushStats {
  readonly pushes: number
  readonly acks: number
  /** By status, `no_answer` or `deadline`. */
  readonly nacks: Readonly<Record<string, number>>
  /** Pushes of a message that was pushed before, for any reason. */
  readonly redeliveries: number
  /** Acked messages that were pushed again. */
  readonly duplicates: number
  readonly deadLettered: number
}

export interface PushCounters {
  pushed(delivery: Delivery): void
  acked(): void
  nacked(result: PushResult): void
  duplicated(): void
  deadLettered(): void
  snapshot(): PushStats
}

export function createPushCounters(): PushCounters {
  const nacks = new Map<string, number>()
  let [pushes, firstPushes, acks, duplicates, deadLettered] = [0, 0, 0, 0, 0]

  return {
    pushed({ kind, nacks }) {
      pushes += 1
      if (kind === 'first' && nacks === 0) firstPushes += 1
    },
    acked: () => void acks++,
    nacked(result) {
      const label = result.kind === 'answered' ? String(result.status) : result.kind
      nacks.set(label, (nacks.get(label) ?? 0) + 1)
    },
    duplicated: () => void duplicates++,
    deadLettered: () => void deadLettered++,
    snapshot: () => ({
      pushes,
      acks,
      nacks: Object.fromEntries(nacks),
      redeliveries: pushes - firstPushes,
      duplicates,
      deadLettered,
    }),
  }
}

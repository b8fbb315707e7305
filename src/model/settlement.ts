import type { RejectReason, RetryReason } from './outcome.ts'

/** The reasons for which a message was acked: the most important outcome among its events. */
export const ACK_REASONS = ['dead_lettered', 'imported', 'dropped', 'empty'] as const
export type AckReason = (typeof ACK_REASONS)[number]

/** The answer to Pub/Sub for one message. `events` is the number of its events, when that is known. */
export type Settlement = Readonly<{ events?: number }> &
  Readonly<
    | { kind: 'ack'; reason: AckReason; status: 204 }
    | { kind: 'nack'; reason: RetryReason; status: 503 }
    /**
     * The nack for a rejected event with `DEAD_LETTER=subscription`: the subscription's own
     * dead-letter policy takes it.
     */
    | { kind: 'nack'; reason: RejectReason; status: 422 }
  >

export type Nack = Extract<Settlement, { kind: 'nack' }>

/** Returns the stable code of a nack, for its answer and its log line. */
export function codeOf({ reason }: Nack): string {
  return reason.toUpperCase()
}

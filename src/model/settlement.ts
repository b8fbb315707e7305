import type { RejectReason, RetryReason } from './outcome.ts'

/** Why a message was acked: the weightiest thing that happened to one of its events. */
export const ACK_REASONS = ['dead_lettered', 'imported', 'dropped', 'empty'] as const
export type AckReason = (typeof ACK_REASONS)[number]

/** What Pub/Sub is told about one message. */
export type Settlement = Readonly<
  | { kind: 'ack'; reason: AckReason; status: 204 }
  | { kind: 'nack'; reason: RetryReason; status: 503 }
  /** Only with `DEAD_LETTER=subscription`: left to the subscription's own dead-letter policy. */
  | { kind: 'nack'; reason: RejectReason; status: 422 }
>

export type Nack = Extract<Settlement, { kind: 'nack' }>

/** The stable code of a nack, in its answer and in its log line. */
export function codeOf({ reason }: Nack): string {
  return reason.toUpperCase()
}

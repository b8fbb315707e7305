/**
 * The reasons for which an event can never be imported. They are metric labels and a dead-letter
 * field: the set may grow.
 */
export const REJECT_REASONS = [
  'unreadable_data',
  'invalid_json',
  'invalid_event',
  'transform_failed',
  'too_large',
  'refused_by_mixpanel',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/**
 * The reasons for which an event goes back to Pub/Sub with its message. They are metric labels: the
 * set may grow.
 */
export const RETRY_REASONS = [
  'deadline',
  'draining',
  'overloaded',
  'throttled',
  'mixpanel_unavailable',
  'mixpanel_timeout',
  'mixpanel_unreachable',
  'misconfigured',
  'suspect',
  'unknown_answer',
  'dead_letter_unavailable',
  'all_rejected',
] as const
export type RetryReason = (typeof RETRY_REASONS)[number]

/**
 * The reasons for which Mixpanel gave no answer, or none that can be read. They are metric labels:
 * the set may grow.
 */
export const UNREACHABLE_CAUSES = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'TLS_FAILED',
  'NOT_HTTP',
  'ANSWER_TOO_LONG',
  'ANSWER_CUT_OFF',
  'ANSWER_BADLY_COMPRESSED',
  'OTHER',
] as const
export type UnreachableCause = (typeof UNREACHABLE_CAUSES)[number]

export type Imported = Readonly<{ kind: 'imported' }>
export type Dropped = Readonly<{ kind: 'dropped'; rule: string }>
export type Rejected = Readonly<{
  kind: 'rejected'
  reason: RejectReason
  /** The part of the event that is at fault, in Mixpanel's notation: `properties.time`. */
  field?: string
  /**
   * A text for people. It may quote the event, so it belongs in the dead letter and never in a log.
   */
  detail: string
}>
export type Retry = Readonly<{ kind: 'retry'; reason: RetryReason }>

/** The end of one event's path. Every event reaches exactly one of these. */
export type EventOutcome = Imported | Dropped | Rejected | Retry

/** A number of events with the same outcome. Only the details of a rejection may differ. */
export interface Tally {
  readonly outcome: EventOutcome
  readonly count: number
}

export const IMPORTED: Imported = Object.freeze({ kind: 'imported' })

/** Makes an outcome `rejected`. `field` is left out when the whole event is at fault. */
export function rejected(reason: RejectReason, detail: string, field?: string): Rejected {
  if (field === undefined) return { kind: 'rejected', reason, detail }
  return { kind: 'rejected', reason, field, detail }
}

/** Makes an outcome `retry`. */
export function retry(reason: RetryReason): Retry {
  return { kind: 'retry', reason }
}

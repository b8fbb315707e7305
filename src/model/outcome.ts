/** Why an event can never be imported. A metric label and a dead-letter field: the set may grow. */
export const REJECT_REASONS = [
  'unreadable_data',
  'invalid_json',
  'invalid_event',
  'transform_failed',
  'too_large',
  'refused_by_mixpanel',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** Why an event goes back to Pub/Sub with its message. A metric label: the set may grow. */
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

/** Why no answer of Mixpanel came, or none that can be read. A metric label: the set may grow. */
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
  /** For people. May quote the event: it belongs in the dead letter, never in a log. */
  detail: string
}>
export type Retry = Readonly<{ kind: 'retry'; reason: RetryReason }>

/** How the journey of one event ended. Every event reaches exactly one of these. */
export type EventOutcome = Imported | Dropped | Rejected | Retry

/** So many events that came to the same, but for the words of a rejection. */
export interface Tally {
  readonly outcome: EventOutcome
  readonly count: number
}

export const IMPORTED: Imported = Object.freeze({ kind: 'imported' })

/** An outcome `rejected`; `field` is left out when the whole event is at fault. */
export function rejected(reason: RejectReason, detail: string, field?: string): Rejected {
  if (field === undefined) return { kind: 'rejected', reason, detail }
  return { kind: 'rejected', reason, field, detail }
}

/** An outcome `retry`. */
export function retry(reason: RetryReason): Retry {
  return { kind: 'retry', reason }
}

import type { PushForm } from '../push-request.ts'
import type { RetryPolicy } from './retry-policy.ts'

/**
 * The settings of any subscription, as in Pub/Sub's REST API
 * (cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions).
 */
export interface CommonSettings {
  /** Full name; it must exist. */
  readonly topic: string
  /** From 10 to 600: the time that a push waits for its answer, or a pulled message for its ack. 10 when absent. */
  readonly ackDeadlineSeconds?: number
  /** A nacked message is delivered again at once when absent. */
  readonly retryPolicy?: RetryPolicySettings
  readonly deadLetterPolicy?: DeadLetterPolicy
  readonly enableMessageOrdering?: boolean
}

/** A push subscription, and settings that only the stand-in has. */
export interface SubscriptionSettings extends CommonSettings {
  readonly pushConfig: PushConfig
  readonly local?: LocalSettings
}

/** A pull subscription: it has no push endpoint. */
export interface PullSettings extends CommonSettings {
  /** Whether a message can be acked by the last of its ack ids only, and an ack that fails is refused. */
  readonly enableExactlyOnceDelivery?: boolean
}

export interface PushConfig {
  /** The whole URL, path included; http only. */
  readonly pushEndpoint: string
  /** Pushes carry no token when absent. */
  readonly oidcToken?: OidcToken
}

export interface OidcToken {
  readonly serviceAccountEmail: string
  /** The endpoint when absent. */
  readonly audience?: string
}

export interface RetryPolicySettings {
  /** Seconds with an `s`, from 0 to 600; `10s` when absent. */
  readonly minimumBackoff?: string
  /** The same, not below the minimum; `600s` when absent. */
  readonly maximumBackoff?: string
}

export interface DeadLetterPolicy {
  /** Full name of another topic; it must exist. */
  readonly deadLetterTopic: string
  /** From 5 to 100; 5 when absent. */
  readonly maxDeliveryAttempts?: number
}

/** Settings that Pub/Sub does not have. */
export interface LocalSettings {
  /** `wrapped` when absent. */
  readonly form?: PushForm
  /** None when absent. */
  readonly duplicates?: DuplicateSettings
  /** The number of pushes that may be under way at first; 4 when absent. */
  readonly initialWindow?: number
}

/** The acked messages that are pushed again. */
export interface DuplicateSettings {
  /** The share of acked messages that are pushed again, from 0 to 1. */
  readonly rate: number
  /** The share of duplicates with another publish time, from 0 to 1; 0 when absent. */
  readonly otherPublishTimeShare?: number
  /** The time after the ack, in ms; 1,000 when absent. */
  readonly afterMs?: number
}

const DEFAULT_ACK_DEADLINE_SECONDS = 10
const DEFAULT_DELIVERY_ATTEMPTS = 5

export function ackDeadlineMsOf({ ackDeadlineSeconds }: CommonSettings): number {
  return (ackDeadlineSeconds || DEFAULT_ACK_DEADLINE_SECONDS) * 1_000
}

export function retryPolicyOf({ retryPolicy }: CommonSettings): RetryPolicy | undefined {
  if (retryPolicy === undefined) return undefined
  const { minimumBackoff = '10s', maximumBackoff = '600s' } = retryPolicy
  return {
    minimumBackoffMs: durationMs(minimumBackoff),
    maximumBackoffMs: durationMs(maximumBackoff),
  }
}

export function deadLetterPolicyOf({
  deadLetterPolicy,
}: CommonSettings): Required<DeadLetterPolicy> | undefined {
  if (deadLetterPolicy === undefined) return undefined
  const maxDeliveryAttempts = deadLetterPolicy.maxDeliveryAttempts || DEFAULT_DELIVERY_ATTEMPTS
  return { ...deadLetterPolicy, maxDeliveryAttempts }
}

/** Parses `1.5s` to ms; NaN when it is no duration (google.protobuf.Duration in JSON). */
export function durationMs(text: string): number {
  return /^\d+(\.\d{1,9})?s$/.test(text) ? Number(text.slice(0, -1)) * 1_000 : Number.NaN
}

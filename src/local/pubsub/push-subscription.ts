import type { TopicMessage } from './publish-rules.ts'
import type { PushResult, PushStats } from './push-stats.ts'
import type { SubscriptionSettings } from './subscription-settings.ts'

/** A push subscription, as a test or a benchmark uses it. */
export interface PushSubscription {
  /** Full name. */
  readonly name: string
  /** Sends no new push until `resume`; pushes under way go on. */
  pause(): void
  resume(): void
  /** The number of pushes under way, without those past their ack deadline. */
  outstanding(): number
  /** The number of messages not yet acked or forwarded, with the duplicates still to come. */
  backlog(): number
  /** The number of pushes that may be under way. */
  window(): number
  /** The pause that a nack would cause now; 0 while all pushes are acked. */
  backoffMs(): number
  /**
   * Sends later pushes to this URL, since a restarted service has another port. With several URLs,
   * each push goes to one of them at random, as to the instances of one service.
   */
  setEndpoints(first: string, ...others: readonly string[]): void
  /** Signs a new token for later pushes, though the present one is still valid. */
  renewToken(): void
  settings(): SubscriptionSettings
  stats(): PushStats
}

/** Callbacks for what a subscription does, called at the moment it happens. */
export interface SubscriptionObserver {
  /** @param attempt from 1: one more than the nacks before */
  pushed?(message: TopicMessage, attempt: number): void
  /** Called when the answer has been read or given up, before the subscription acts on it. */
  answered?(message: TopicMessage, result: PushResult, isAcked: boolean): void
  /** Called when the message has left for the dead-letter topic. */
  forwarded?(message: TopicMessage, copy: TopicMessage): void
  /** Called when an acked message is pushed again, with its new publish time if it has one. */
  duplicate?(message: TopicMessage, otherPublishTime: string | undefined): void
}

import type { TopicMessage } from './publish-rules.ts'
import type { PushResult, PushStats } from './push-stats.ts'
import type { SubscriptionSettings } from './subscription-settings.ts'

/** A push subscription, as far as a test or a harness has to do with it. */
export interface PushSubscription {
  /** Full name. */
  readonly name: string
  /** Sends nothing new until `resume`; what is under way goes on. */
  pause(): void
  resume(): void
  /** The pushes under way; what was given up at its ack deadline is not. */
  outstanding(): number
  /** The messages not yet acked or forwarded, duplicates that are still to come included. */
  backlog(): number
  /** How many pushes may be under way. */
  window(): number
  /** How long the latest nack would stop delivery now; 0 while all goes well. */
  backoffMs(): number
  /**
   * Sends the pushes to come to this URL: a service that starts again has another port. Given
   * several, each push goes to one of them at random: they are instances of one service.
   */
  setEndpoints(first: string, ...others: readonly string[]): void
  settings(): SubscriptionSettings
  stats(): PushStats
}

/** Told of what a subscription does, at the moment it does it. */
export interface SubscriptionObserver {
  /** @param attempt from 1: one more than the nacks so far */
  pushed?(message: TopicMessage, attempt: number): void
  /** The answer has been read, or will not be waited for, and nothing has been made of it yet. */
  answered?(message: TopicMessage, result: PushResult, isAcked: boolean): void
  /** The message has left for the dead-letter topic. */
  forwarded?(message: TopicMessage, copy: TopicMessage): void
  /** An acked message comes again; under its own publish time when no other is given. */
  duplicate?(message: TopicMessage, otherPublishTime: string | undefined): void
}

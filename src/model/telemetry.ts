import type { Message } from './message.ts'
import type { RejectReason, Tally, UnreachableCause } from './outcome.ts'
import type { Settlement } from './settlement.ts'

/** How one request to Mixpanel ended. */
export interface RequestEnd {
  /** HTTP status, or why there was none. */
  readonly status: number | 'mixpanel_timeout' | 'mixpanel_unreachable'
  /** Why Mixpanel was unreachable. */
  readonly cause?: UnreachableCause
  readonly events: number
  /** Uncompressed. */
  readonly bytes: number
  readonly elapsedMs: number
}

/** What was rejected since an event has last passed. */
export interface Rejections {
  readonly reasons: Readonly<Partial<Record<RejectReason, number>>>
  /** The first part of an event that was at fault, in Mixpanel's notation. */
  readonly field?: string
}

/**
 * What happened, told once, in the past tense. Whoever listens counts it and writes the log
 * line; nothing here carries an event's contents, a token or a secret.
 */
export interface Telemetry {
  /**
   * Events of a message that are to be settled now: not those that an earlier delivery settled, nor
   * those that this one does not come to.
   */
  eventsReceived(count: number): void
  /** What became of the same events, and what their message came to. */
  eventsSettled(tallies: readonly Tally[], settlement: Settlement): void
  /** One push of a message was answered. */
  messageSettled(message: Message, settlement: Settlement, elapsedMs: number): void
  pushRefused(code: string, detail: string): void
  /** A request was answered 404; `path`, fit for a log line, is given when it has a bearer token. */
  noSuchRoute(path: string | undefined): void
  duplicatePush(): void
  requestEnded(end: RequestEnd): void
  /** Events of a message, counted by the reasons for which they were rejected. */
  deadLettersStored(reasons: Rejections['reasons'], elapsedMs: number): void
  deadLettersNotStored(error: unknown): void
  /** At the start Google could not be asked whether the dead-letter topic may be published to. */
  deadLetterTopicUnproven(error: unknown): void
  /** Mixpanel refused the credentials, the project or the region, with this HTTP status. */
  misconfigured(status: number): void
  /** Mixpanel has left so many events of a batch out of its count, twice, and imported the others. */
  shortfall(events: number): void
  /** Mixpanel has refused so many events without naming one at fault, and imported none meanwhile. */
  suspected(events: number): void
  /** Nothing but letters comes of the messages: each further one that is rejected whole tells. */
  allRejected(rejections: Rejections): void
  /** The keys that tokens are verified with could not be had; those at hand stay good for a day. */
  keysNotFetched(error: unknown): void
  /** A bug. */
  unforeseen(error: unknown): void
}

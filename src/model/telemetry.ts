import type { Message } from './message.ts'
import type { RejectReason, Tally, UnreachableCause } from './outcome.ts'
import type { CountRule } from './rule-effect.ts'
import type { Settlement } from './settlement.ts'

/** The end of one request to Mixpanel. */
export interface RequestEnd {
  /** The HTTP status, or the reason why there was none. */
  readonly status: number | 'mixpanel_timeout' | 'mixpanel_unreachable'
  /** The reason why Mixpanel was unreachable. */
  readonly cause?: UnreachableCause
  readonly events: number
  /** The length of the body before compression. */
  readonly bytes: number
  readonly elapsedMs: number
}

/** The HTTP request of a push. Log lines and spans take what they show from it. */
export interface PushRequest {
  readonly method: string
  /** The path, perhaps with a query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The monotonic ms at which its headers had come. */
  readonly headersAt: number
}

/** The end of a push: its request, and the time from its headers to its answer. */
export interface PushEnd {
  readonly request: PushRequest
  readonly elapsedMs: number
}

/** The answer to a push that was not taken. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
}

/** The events that were rejected since the last one passed. */
export interface Rejections {
  readonly reasons: Readonly<Partial<Record<RejectReason, number>>>
  /** The first field that was at fault, in Mixpanel's notation. */
  readonly field?: string
}

/**
 * The calls that report what happened, once, in the past tense. The receiver counts it and writes
 * the log line. No call carries an event's contents, a token or a secret.
 */
export interface Telemetry {
  /**
   * Called with the number of events of a message that are to be settled now. Events that an
   * earlier delivery settled, or that this delivery does not reach, do not count.
   */
  eventsReceived(count: number): void
  /** Called with the outcomes of the same events, and the settlement of their message. */
  eventsSettled(tallies: readonly Tally[], settlement: Settlement): void
  /** Called when a rule of the owner's mapping had an effect on an event. */
  readonly ruleApplied: CountRule
  /** Called when one push of a message was answered. */
  messageSettled(message: Message, settlement: Settlement, end: PushEnd): void
  /** Called when a push was answered before its message was known. */
  pushRefused(refusal: Refusal, end: PushEnd): void
  /** Called when a bug ended a push. */
  pushFailed(error: unknown, end: PushEnd): void
  /**
   * Called when a request was answered 404. `path`, fit for a log line, is given when the request
   * has a bearer token.
   */
  noSuchRoute(path: string | undefined): void
  duplicatePush(): void
  requestEnded(end: RequestEnd): void
  /** Called when letters were stored, with the number of events for each reason. */
  deadLettersStored(reasons: Rejections['reasons'], elapsedMs: number): void
  deadLettersNotStored(error: unknown): void
  /**
   * Called when Google could not be asked at the start whether the dead-letter topic accepts
   * letters.
   */
  deadLetterTopicUnproven(error: unknown): void
  /**
   * Called when Mixpanel refused the credentials, the project or the region, with this HTTP status.
   */
  misconfigured(status: number): void
  /**
   * Called when Mixpanel twice imported a batch and left this many of its events out of its count.
   */
  shortfall(events: number): void
  /**
   * Called when Mixpanel refused this many events without naming one at fault, and imported none
   * meanwhile.
   */
  suspected(events: number): void
  /** Called when all events of a message were rejected, and all of the last messages before it. */
  allRejected(rejections: Rejections): void
  /**
   * Called when the key server gave no keys to verify tokens with. The keys at hand stay good for a
   * day.
   */
  keysNotFetched(error: unknown): void
  /** Called with an error that is a bug and has ended no push. */
  unforeseen(error: unknown): void
}

import type { MessageData } from './message.ts'
import type { RejectReason } from './outcome.ts'
import type { Rejections } from './telemetry.ts'

/**
 * The reason of a letter. `too_many_rejected` is for a letter that stands for many events, each
 * with its own reason.
 */
export type LetterReason = RejectReason | 'too_many_rejected'

/**
 * The text that a letter holds: the line as it was published, or the event that the transform made.
 * The replay of a mapped event is not mapped again.
 */
export type LetterStage = 'published' | 'mapped'

/**
 * The message that a dead letter came with, without its data. For a replay, it is the original
 * message.
 */
export interface DeadLetterMessage {
  readonly messageId: string
  /** RFC 3339, as Pub/Sub sent it. */
  readonly publishTime?: string
  /** The full name; empty when the push named none. */
  readonly subscription: string
  readonly orderingKey?: string
  readonly attributes: Readonly<Record<string, string>>
  readonly deliveryAttempt?: number
}

/** A rejected event as it is stored. The names are a contract with the readers of the store. */
export interface DeadLetter {
  /**
   * Message id, line and child, joined by hyphens. Two letters of one id and content are the same
   * event, stored again after a redelivery.
   */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly deadLetteredAt: string
  readonly reason: LetterReason
  /** The part of the event that is at fault, in Mixpanel's notation. */
  readonly field?: string
  /** A text for people, at most 1 KB. */
  readonly detail: string
  /** The raw text of the event as published; absent when the data was not text. */
  readonly event?: string
  /** The published bytes in base64, when they were not text. */
  readonly data?: string
  readonly stage: LetterStage
  /** The line, from 1; 0 when the letter is for the message as a whole. */
  readonly line: number
  /** The event's place among the equal lines of its message, from 2; absent for the first. */
  readonly ordinal?: number
  /**
   * The event's place among the events that the transform made of the line, from 1; absent for a
   * single event.
   */
  readonly child?: number
  /** The number of events that the transform made of the line; absent for a single event. */
  readonly children?: number
  /** The number of events that the letter stands for; absent for one. */
  readonly events?: number
  /** The ranges of the lines on which those events stood, such as `1-5,9`; absent for one event. */
  readonly lines?: string
  /** Absent when the event was rejected before it had one. */
  readonly insertId?: string
  /** Epoch ms; absent when `insertId` is. */
  readonly time?: number
  /** The number of times that the event has been published again from the store. */
  readonly replays: number
  readonly message: DeadLetterMessage
}

/** A dead letter before it is stored. Large data is still bytes. */
export type LetterToStore = Omit<DeadLetter, 'data'> & { readonly data?: MessageData }

/** The contents of one letter for many rejected events of a message. */
export interface RejectedMany extends Rejections {
  readonly events: number
  /** The ranges of the lines on which they stood. */
  readonly lines: string
}

/**
 * Resolves when the letters are safe, on disk or in the topic. Rejects when they are not, or may
 * not be.
 */
export type StoreDeadLetters = (letters: readonly LetterToStore[]) => Promise<void>

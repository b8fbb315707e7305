import type { RejectReason } from './outcome.ts'
import type { Rejections } from './telemetry.ts'

/** `too_many_rejected` is of a letter that stands for many events; each of those has its own reason. */
export type LetterReason = RejectReason | 'too_many_rejected'

/**
 * What the text of a letter is: the line as it was published, or the result of a mapping file. A
 * replay of a mapped event maps it no second time.
 */
export type LetterStage = 'published' | 'mapped'

/** The message a dead letter came with, less its data; of a replay, the one it first came with. */
export interface DeadLetterMessage {
  readonly messageId: string
  /** RFC 3339, as it came. */
  readonly publishTime?: string
  /** Full name; empty when the push named none. */
  readonly subscription: string
  readonly orderingKey?: string
  readonly attributes: Readonly<Record<string, string>>
  readonly deliveryAttempt?: number
}

/** A rejected event as it is stored. The names are a contract with whoever reads the store. */
export interface DeadLetter {
  /**
   * Message id, line and child, joined by hyphens. Unique to the event: two letters of one id are
   * the same event, stored again when its message came again.
   */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly deadLetteredAt: string
  readonly reason: LetterReason
  /** The part of the event that is at fault, in Mixpanel's notation. */
  readonly field?: string
  /** For people; 1 KB at most. */
  readonly detail: string
  /** The raw text of the event as published; absent when the data was not text. */
  readonly event?: string
  /** The published bytes in base64, where they were not text. */
  readonly data?: string
  readonly stage: LetterStage
  /** From 1; 0 when the letter is of the message as a whole. */
  readonly line: number
  /** From 2: the event's place among the equal lines of its message; absent for the first. */
  readonly ordinal?: number
  /** From 1: which of the events that the transform made of the line; absent for an only one. */
  readonly child?: number
  /** How many events the transform made of the line; absent for an only one. */
  readonly children?: number
  /** How many events the letter stands for; absent for one. */
  readonly events?: number
  /** Ranges of the lines on which those events stood, such as `1-5,9`; absent for one event. */
  readonly lines?: string
  /** Absent when the event was rejected before it had one. */
  readonly insertId?: string
  /** Epoch ms; absent as `insertId` is. */
  readonly time?: number
  /** How often the event has been published again out of the store. */
  readonly replays: number
  readonly message: DeadLetterMessage
}

/** What one letter says of many rejected events of a message. */
export interface RejectedMany extends Rejections {
  readonly events: number
  /** Ranges of the lines on which they stood. */
  readonly lines: string
}

/** Resolves when the letters are safe, on disk or in the topic; rejects when they are not, or may not be. */
export type StoreDeadLetters = (letters: readonly DeadLetter[]) => Promise<void>

import type { RejectReason } from './outcome.ts'

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
  readonly reason: RejectReason
  /** The part of the event that is at fault, in Mixpanel's notation. */
  readonly field?: string
  readonly detail: string
  /** The raw text of the event as published; absent when the data was not text. */
  readonly event?: string
  /** The published bytes in base64, where they were not text. */
  readonly data?: string
  /** From 1; 0 when the message as a whole was rejected. */
  readonly line: number
  /** From 2: the event's place among the equal lines of its message; absent for the first. */
  readonly ordinal?: number
  /** Absent when the event was rejected before it had one. */
  readonly insertId?: string
  /** Epoch ms; absent as `insertId` is. */
  readonly time?: number
  /** How often the event has been published again out of the store. */
  readonly replays: number
  readonly message: DeadLetterMessage
}

/** Resolves when the letters are safe, on disk or in the topic; rejects when they are not, or may not be. */
export type StoreDeadLetters = (letters: readonly DeadLetter[]) => Promise<void>

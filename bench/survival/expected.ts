import type { Row } from '../../src/local/mixpanel/row-store.ts'
import type { Letter } from './letters.ts'
import type { PlannedOutcome } from './planned-message.ts'

/** What can be looked up at the moment of an ack. */
export interface FactsAtAck {
  /** The dead letters written since it was last asked. */
  readNewLetters(): readonly Letter[]
  /** Whether Mixpanel has ever dropped identity verbs in silence. */
  hasIgnoredVerbs(): boolean
}

/** Where the facts are looked up: what Mixpanel has, and what lies in the dead letters. */
export interface Facts extends FactsAtAck {
  /** As queries see them. */
  deduplicated(): readonly Row[]
  compacted(): readonly Row[]
  letters(): readonly Letter[]
  /** Whether what can be mended was mended, and its letters published again. */
  isMended(): boolean
}

/** An event, or as many as cannot be told apart: they have one mark. */
export interface Expected extends PlannedOutcome {
  readonly letterIds: string[]
  /** The messages that it was published in. */
  readonly messages: PublishedMessage[]
  /** How many rows it must have at the least and may have at the most, where it is imported. */
  least: number
  most: number
  hasRow: boolean
  hasLetter: boolean
}

export interface PublishedMessage {
  readonly expected: Expected[]
  /** Under which it was delivered: one, unless a duplicate came with another. */
  readonly publishTimes: Set<string>
  /** Its copy lies in the topic of a dead-letter policy. */
  isForwarded: boolean
}

export function markOf({ properties }: Row): string {
  return String(properties.mark)
}

export function nameOfLetter({ subscription, id }: Letter): string {
  return letterName(subscription, id)
}

export function letterName(subscription: string, id: string): string {
  return `${subscription} ${id}`
}

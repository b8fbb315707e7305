import type { Row } from '../../src/local/mixpanel/row-store.ts'
import type { Letter } from './letters.ts'
import type { PlannedOutcome } from './planned-message.ts'

/** The facts that can be looked up at the moment of an ack. */
export interface FactsAtAck {
  /** Returns the dead letters written since the last call. */
  readNewLetters(): readonly Letter[]
  /** Whether Mixpanel has ever ignored identity events in silence. */
  hasIgnoredVerbs(): boolean
}

/** The facts at the end of a run: the rows of Mixpanel and the stored dead letters. */
export interface Facts extends FactsAtAck {
  /** The rows as queries see them. */
  deduplicated(): readonly Row[]
  compacted(): readonly Row[]
  letters(): readonly Letter[]
  /** Whether the faults were mended and the letters published again. */
  isMended(): boolean
}

/** An event, or several that cannot be told apart and share one mark. */
export interface Expected extends PlannedOutcome {
  readonly letterIds: string[]
  /** The messages that it was published in. */
  readonly messages: PublishedMessage[]
  /** The least and the greatest number of rows, if it is imported. */
  least: number
  most: number
  hasRow: boolean
  hasLetter: boolean
}

export interface PublishedMessage {
  readonly expected: Expected[]
  /** The publish times of its deliveries: one, unless a duplicate had another. */
  readonly publishTimes: Set<string>
  /** Whether its copy is in the topic of a dead-letter policy. */
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

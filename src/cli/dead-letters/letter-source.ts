import type { Replayed } from '../../dead-letter/replayed-log.ts'
import type { Found } from '../../dead-letter/subscription-letters.ts'

/** A place where letters wait: a folder or a subscription. */
export interface LetterSource {
  /** The folder, or the full name of the subscription. */
  readonly name: string
  /** The same as a field of JSON. */
  readonly place: Readonly<{ folder: string } | { subscription: string }>
  /** Begins to read. Rejects with a `UserMistake` when the letters may not be read. */
  open(how: ReadingOptions): Promise<LetterReading>
}

export interface ReadingOptions {
  /** Whether letters are sent, and those that are done are recorded. */
  readonly applies: boolean
  /** The letters that are wanted at a time. */
  readonly window: number
}

/** One reading of all letters. */
export interface LetterReading {
  /** Yields each letter once. A `pause` asks to deal with what has been read so far. */
  read(): AsyncGenerator<Iterable<Found> | 'pause'>
  /** Records letters that are done. Resolves when they count as done. */
  record(done: readonly Replayed[]): Promise<void>
  /** Returns what was read, for people and for JSON, once the reading is closed. */
  seen(): SeenOfSource
  close(): Promise<void>
}

export interface SeenOfSource {
  /** Lines for stderr, without line feeds. */
  readonly news: readonly string[]
  /** Whether all letters were read. */
  readonly isWhole: boolean
  /** The messages that were pulled; absent for a folder. */
  readonly messages?: number
}

import type { DeadLetter } from '../../src/model/dead-letter.ts'

/** The fields of a dead letter that a run checks. */
export interface Letter {
  readonly id: string
  readonly reason: string
  readonly detail: string
  readonly subscription: string
  /** The text of the event, or in base64 the data that is not text. */
  readonly published: string
}

/** The dead letters of a run, read as they are stored, and kept. */
export interface LetterReader {
  /** The letters stored since the last call. Synchronous: they are safe at this very moment. */
  readNew(): readonly Letter[]
  /** All stored letters; one that was stored twice is there twice. */
  all(): readonly Letter[]
}

/** A reader without letters, for a subscription whose own policy keeps refused messages. */
export const NO_LETTERS: LetterReader = { readNew: () => [], all: () => [] }

/** Creates a reader that returns letters of `read` once each, and keeps them. */
export function createLetterReader(read: () => readonly Letter[]): LetterReader & {
  /** Reads stored letters now, for the next `readNew` to return. */
  keepUp(): void
} {
  const letters: Letter[] = []
  let returned = 0

  return { keepUp, readNew, all }

  function keepUp(): void {
    for (const letter of read()) letters.push(letter)
  }

  function readNew(): readonly Letter[] {
    keepUp()
    const fresh = letters.slice(returned)
    returned = letters.length
    return fresh
  }

  function all(): readonly Letter[] {
    keepUp()
    return letters
  }
}

/** The letter in one line of a file; none when the line is torn. */
export function parseLetter(line: string): readonly Letter[] {
  const letter = parsed(line)
  if (letter === undefined) return []
  const { id, reason, detail, event, data, message } = letter
  const { subscription } = message
  return [{ id, reason, detail, subscription, published: event ?? data ?? '' }]
}

function parsed(line: string): DeadLetter | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

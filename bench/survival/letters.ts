import type { DeadLetter } from '../../src/model/dead-letter.ts'

/** What a run looks at of a dead letter. */
export interface Letter {
  readonly id: string
  readonly reason: string
  readonly detail: string
  readonly subscription: string
  /** What it holds: the text of an event, or the data of what is no text, in base64. */
  readonly published: string
}

/** The dead letters of a run, read as they come, and kept. */
export interface LetterReader {
  /** Those stored since the last time. Synchronous: what is safe at this very moment. */
  readNew(): readonly Letter[]
  /** All that are stored; a letter that was stored twice is there twice. */
  all(): readonly Letter[]
}

/** A reader without letters: the subscription's own policy keeps what is refused. */
export const NO_LETTERS: LetterReader = { readNew: () => [], all: () => [] }

/** Tells of letters that `read` answers with, one after the other, and keeps them. */
export function createLetterReader(read: () => readonly Letter[]): LetterReader & {
  /** Reads what is stored, without telling of it yet. */
  keepUp(): void
} {
  const letters: Letter[] = []
  let told = 0

  return { keepUp, readNew, all }

  function keepUp(): void {
    for (const letter of read()) letters.push(letter)
  }

  function readNew(): readonly Letter[] {
    keepUp()
    const fresh = letters.slice(told)
    told = letters.length
    return fresh
  }

  function all(): readonly Letter[] {
    keepUp()
    return letters
  }
}

/** The letter in one line of a file; none where the line is torn. */
export function letterIn(line: string): readonly Letter[] {
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

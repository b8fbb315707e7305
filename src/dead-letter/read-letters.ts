import { createKeyTable, type KeyTable } from '../lib/key-table.ts'
import { type LetterFile, letterLines } from './letter-lines.ts'
import { readReplayedLog } from './replayed-log.ts'
import { keyOfLetter, readLetter, type StoredLetter } from './stored-letter.ts'

/** A letter, which several instances may have stored. It is found once. */
export interface FoundLetter {
  readonly letter: StoredLetter
  /** Whether the log of replays calls it done. */
  readonly isDone: boolean
}

/** The letters in some lines of a file. */
export interface LettersRead {
  readonly found: readonly FoundLetter[]
  /** The number of lines that are no letters. */
  readonly unreadable: number
}

const DONE = 1
const FOUND = 2

/** Reads the letters of a folder in small steps, each letter once. */
export async function* readLetters(
  folder: string,
  files: readonly LetterFile[],
): AsyncGenerator<LettersRead> {
  const table = createKeyTable()
  for await (const done of readReplayedLog(folder)) {
    for (const { key } of done) table.mark(key, DONE)
  }
  for (const file of files) {
    for await (const { lines, tooLong } of letterLines(file)) {
      const { found, unreadable } = lettersOf(lines, table)
      yield { found, unreadable: unreadable + tooLong }
    }
  }
}

function lettersOf(lines: readonly string[], table: KeyTable): LettersRead {
  const found: FoundLetter[] = []
  let unreadable = 0
  for (const line of lines) {
    const letter = readLetter(line)
    if (letter === undefined) {
      // A blank line is no lost letter.
      if (line.trim() !== '') unreadable += 1
      continue
    }
    const marks = table.mark(keyOfLetter(letter), FOUND)
    if ((marks & FOUND) === 0) found.push({ letter, isDone: (marks & DONE) !== 0 })
  }
  return { found, unreadable }
}

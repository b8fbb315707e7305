import { createKeyTable, type KeyTable } from '../lib/key-table.ts'
import { type LetterFile, type LinesOfChunk, letterLines } from './letter-lines.ts'
import { readReplayedLog } from './replayed-log.ts'
import { keyOfLetter, readLetter, type StoredLetter } from './stored-letter.ts'

/** A letter, which several instances may have stored. It is found once. */
export interface FoundLetter {
  readonly letter: StoredLetter
  /** Whether the log of replays calls it done. */
  readonly isDone: boolean
}

/** The letters in a chunk of a file. They are read one by one, so that few are in memory. */
export type LettersOfChunk = Iterable<FoundLetter | 'unreadable'>

const DONE = 1
const FOUND = 2

/** Reads the letters of a folder, each letter once. A line that is no letter is `unreadable`. */
export async function* readLetters(
  folder: string,
  files: readonly LetterFile[],
): AsyncGenerator<LettersOfChunk> {
  const table = createKeyTable()
  for await (const keys of readReplayedLog(folder)) {
    for (const key of keys) table.mark(key, DONE)
  }
  for (const file of files) {
    for await (const lines of letterLines(file)) yield lettersOf(lines, table)
  }
}

function* lettersOf(lines: LinesOfChunk, table: KeyTable): Generator<FoundLetter | 'unreadable'> {
  for (const line of lines) {
    // A blank line is no lost letter.
    if (line?.trim() === '') continue
    const letter = line === undefined ? undefined : readLetter(line)
    if (letter === undefined) {
      yield 'unreadable'
      continue
    }
    const marks = table.mark(keyOfLetter(letter), FOUND)
    if ((marks & FOUND) === 0) yield { letter, isDone: (marks & DONE) !== 0 }
  }
}

import { createLetterReader as createFolderReader } from '../../src/cli/letter-reader.ts'

/** What a run looks at of a dead letter. */
export interface Letter {
  readonly id: string
  readonly reason: string
  readonly detail: string
  readonly subscription: string
}

/** The dead letters in a folder, read as they come, and kept. */
export interface LetterReader {
  /** Those written since the last time. Synchronous: what is on disk at this very moment. */
  readNew(): readonly Letter[]
  /** All that were read so far. */
  all(): readonly Letter[]
}

export function createLetterReader(folder: string): LetterReader {
  const reader = createFolderReader(folder)
  const letters: Letter[] = []

  return { readNew, all: () => letters }

  function readNew(): readonly Letter[] {
    const read = reader.readNew().map(({ id, reason, detail, message }) => {
      return { id, reason, detail, subscription: message.subscription }
    })
    letters.push(...read)
    return read
  }
}

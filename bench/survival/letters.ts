import { createLetterReader as createFolderReader } from '../../src/cli/letter-reader.ts'

/** What a run looks at of a dead letter. */
export interface Letter {
  readonly id: string
  readonly reason: string
  readonly detail: string
  readonly subscription: string
  /** What it holds: the text of an event, or the data of a message that could not be read. */
  readonly published: string
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
    const read = reader.readNew().map(({ id, reason, detail, event, data, message }) => {
      const { subscription } = message
      return { id, reason, detail, subscription, published: event ?? data ?? '' }
    })
    letters.push(...read)
    return read
  }
}

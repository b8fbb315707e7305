import { findLetterFiles } from '../../dead-letter/letter-lines.ts'
import { readLetters } from '../../dead-letter/read-letters.ts'
import { openReplayedLog, type ReplayedLog } from '../../dead-letter/replayed-log.ts'
import type { Io } from '../frame/io.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import type { LetterReading, LetterSource } from './letter-source.ts'

const ALL = { news: [], isWhole: true } as const

/** Makes a source of the letters in a folder. Letters that are stored meanwhile are not read. */
export function createFolderSource(folder: string, { clock }: Pick<Io, 'clock'>): LetterSource {
  return {
    name: folder,
    place: { folder },
    open: async ({ applies }) => {
      if (!applies) return reading(folder, undefined)
      const lock = await lockFolder(folder, clock)
      try {
        return reading(folder, { lock, log: await openReplayedLog(folder) })
      } catch (error) {
        await lock.release()
        throw error
      }
    },
  }
}

interface Records {
  readonly lock: FolderLock
  readonly log: ReplayedLog
}

function reading(folder: string, records: Records | undefined): LetterReading {
  return {
    read: async function* read() {
      yield* readLetters(folder, await findLetterFiles(folder))
    },
    record: async (done) => records?.log.append(done),
    seen: () => ALL,
    close: async () => {
      await records?.log.close()
      await records?.lock.release()
    },
  }
}

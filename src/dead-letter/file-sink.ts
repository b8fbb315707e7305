import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { LetterToStore, StoreDeadLetters } from '../model/dead-letter.ts'
import { createDiskFiles, type Files } from './files.ts'
import { createGroupCommit } from './group-commit.ts'
import { createLetterFiles } from './letter-files.ts'
import { formatLines } from './letter-line.ts'

export interface FileSinkOptions {
  readonly folder: string
  /** The size of a file. A file that would grow beyond it is followed by a new one. */
  readonly maxFileBytes: number
  /** The most bytes that may wait for the write under way. A larger store waits only alone. */
  readonly maxQueuedBytes: number
}

export interface FileSinkDeps {
  readonly clock: Clock
  readonly files?: Files
  /**
   * The part of names that tells this process's files from those of others; the process id is 1 in
   * containers.
   */
  readonly writer?: string
}

export interface FileSink {
  /**
   * Stores one JSON object a line. It rejects, too, when too much waits already, and once closed.
   */
  readonly store: StoreDeadLetters
  /** Creates the folder and writes to it. Rejects when it cannot, and says what to do. */
  probe(): Promise<void>
  /** Resolves when all that waits is stored or refused, and the file is closed. */
  close(): Promise<void>
}

/**
 * Makes a sink that stores dead letters in files, by group commit. A group is stored or refused as
 * one. A refused letter may lie in a file all the same, and again when its message comes again: its
 * `id` shows that.
 */
export function createFileSink(options: FileSinkOptions, deps: FileSinkDeps): FileSink {
  const { clock, files = createDiskFiles(), writer = uniqueWriter() } = deps
  const letterFiles = createLetterFiles({ ...options, writer }, { clock, files })
  const groups = createGroupCommit<Uint8Array>({
    maxItems: Number.POSITIVE_INFINITY,
    maxBytes: Number.POSITIVE_INFINITY,
    maxQueuedBytes: options.maxQueuedBytes,
    maxCommits: 1,
    commit: (stores) => letterFiles.append(joined(stores)),
  })

  return { store, probe, close }

  async function store(letters: readonly LetterToStore[]): Promise<void> {
    if (letters.length === 0) return
    const lines = formatLines(letters)
    return groups.add([lines], lines.length)
  }

  async function probe(): Promise<void> {
    try {
      await files.createFolder(options.folder)
      await writeProbe(join(options.folder, `probe-${writer}`))
    } catch (error) {
      throw unwritable(error)
    }
  }

  /**
   * Tries all operations that a letter needs in the folder: some volumes accept a file and cannot
   * sync it.
   */
  async function writeProbe(path: string): Promise<void> {
    const file = await files.create(path)
    try {
      await file.write(Buffer.from('\n'))
      await file.sync()
      await files.syncFolder(options.folder)
    } finally {
      await file.close()
      await files.remove(path)
    }
  }

  async function close(): Promise<void> {
    await groups.close()
    await letterFiles.close()
  }
}

function unwritable(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
  return new Error(
    `DEAD_LETTER=file: names a folder that cannot be written${code}: give it to the user the ` +
      'service runs as, make room on its disk, or name another',
    { cause: error },
  )
}

function uniqueWriter(): string {
  return `${process.pid}-${randomBytes(4).toString('hex')}`
}

/** Joins what was stored. One store alone, which may be large, is not copied. */
function joined(stores: readonly Uint8Array[]): Uint8Array {
  const [only, another] = stores
  return only && !another ? only : Buffer.concat(stores)
}

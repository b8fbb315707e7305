import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { findPlace } from './file-place.ts'
import type { AppendFile, Files } from './files.ts'

export interface LetterFilesOptions {
  readonly folder: string
  /**
   * The size of a file. A file that would grow beyond it is followed by a new one. One append is
   * never split.
   */
  readonly maxFileBytes: number
  /** The part of each file's name that differs for every process that writes to the folder. */
  readonly writer: string
}

export interface LetterFiles {
  /**
   * Appends to the file of the day. Resolves when the bytes, and the file's name, are on disk. When
   * it rejects, some bytes may be. Only one append may run at a time.
   */
  append(bytes: Uint8Array): Promise<void>
  /** Closes the file. It never rejects. */
  close(): Promise<void>
}

interface OpenLetterFile {
  readonly file: AppendFile
  readonly path: string
  readonly day: string
  /** Monotonic ms. */
  readonly begunAt: number
  /** The bytes of the letters that were stored in it. */
  bytes: number
  /** The number of times in a row that its path led to another file. */
  otherInodes: number
}

/**
 * The most files that one append may begin, when each is deleted before its letters are on disk.
 */
const MOST_FILES = 3
/**
 * The times that a changed inode is accepted. On mounted buckets and on NFS inodes need not be
 * stable.
 */
const MOST_OTHER_INODES = 2
const LEAST_AGE_MS = 1_000

/**
 * Makes files that follow one another, each written once from start to end. A new one begins each
 * day, at the size limit, after any failure, and when the current one was deleted, moved or changed
 * by another process. After a failed write or sync the state of a file is unknown, so nothing more
 * goes into it.
 */
export function createLetterFiles(
  options: LetterFilesOptions,
  deps: { readonly clock: Clock; readonly files: Files },
): LetterFiles {
  const { clock, files } = deps
  let sequence = 0
  let current: OpenLetterFile | undefined

  return { append, close }

  async function append(bytes: Uint8Array): Promise<void> {
    for (let begun = 0; begun < MOST_FILES; begun += 1) {
      const target = await fileFor(bytes.length)
      await writeTo(target, bytes)
      // A file that was moved or deleted meanwhile may have been read to its end already, or be
      // gone.
      if (await isInPlace(target)) return
      await close()
    }
    throw new Error('the files of the dead letters are deleted while they are written')
  }

  async function close(): Promise<void> {
    const closing = current
    current = undefined
    // The letters that were acked are synced already, so a failed close loses nothing.
    await closing?.file.close().catch(() => undefined)
  }

  async function fileFor(bytes: number): Promise<OpenLetterFile> {
    const day = new Date(clock.now()).toISOString().slice(0, 'YYYY-MM-DD'.length)
    if (current && hasRoom(current, day, bytes) && (await isInPlace(current))) return current
    await close()
    return create(day)
  }

  function hasRoom(file: OpenLetterFile, day: string, bytes: number): boolean {
    return file.day === day && file.bytes + bytes <= options.maxFileBytes
  }

  async function create(day: string): Promise<OpenLetterFile> {
    sequence += 1
    const place = String(sequence).padStart(4, '0')
    const name = `dead-letters-${day}-${options.writer}-${place}.ndjson`
    const path = join(options.folder, name)
    await files.createFolder(options.folder)
    const file = await files.create(path)
    current = { file, path, day, begunAt: clock.monotonic(), bytes: 0, otherInodes: 0 }
    await files.syncFolder(options.folder).catch(abandon)
    return current
  }

  /** Whether a reader of the folder finds the file, with the letters in it and nothing else. */
  async function isInPlace(open: OpenLetterFile): Promise<boolean> {
    switch (await findPlace(open, files)) {
      case 'in_place':
        open.otherInodes = 0
        return true
      case 'other_inode':
        open.otherInodes += 1
        return (
          open.otherInodes < MOST_OTHER_INODES || clock.monotonic() - open.begunAt < LEAST_AGE_MS
        )
      case 'lost':
        return false
    }
  }

  async function writeTo(target: OpenLetterFile, bytes: Uint8Array): Promise<void> {
    try {
      await target.file.write(bytes)
      await target.file.sync()
      target.bytes += bytes.length
    } catch (error) {
      await cutBack(target).catch(() => undefined)
      await abandon(error)
    }
  }

  /** Removes the bytes of a failed write. Half a letter would go on filling a full disk. */
  async function cutBack({ file, bytes }: OpenLetterFile): Promise<void> {
    const state = await file.state()
    if (state && state.bytes > bytes) await file.truncate(bytes)
  }

  /** Removes a file that holds no letter. Otherwise a full disk would be littered with them. */
  async function abandon(error: unknown): Promise<never> {
    const abandoned = current
    await close()
    if (abandoned?.bytes === 0) await files.remove(abandoned.path).catch(() => undefined)
    throw error
  }
}

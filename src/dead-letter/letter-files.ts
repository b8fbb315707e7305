import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { AppendFile, Files } from './files.ts'

export interface LetterFilesOptions {
  readonly folder: string
  /** A file that would grow past it is followed by a new one; one append is never split. */
  readonly maxFileBytes: number
  /** Part of each file's name, told apart from every other process that writes to the folder. */
  readonly writer: string
}

export interface LetterFiles {
  /**
   * Appends to the file of the day. Resolves when the bytes, and the file's name, are on disk;
   * when it rejects, some of them may be. One append at a time.
   */
  append(bytes: Uint8Array): Promise<void>
  /** Never rejects. */
  close(): Promise<void>
}

interface OpenLetterFile {
  readonly file: AppendFile
  readonly path: string
  readonly day: string
  /** Bytes on disk. */
  size: number
}

/**
 * A row of files, each written once from start to end: a new one by day and by size, and after
 * any failure. After a failed write or sync nobody knows what a file holds, so nothing more goes
 * into it. Its last line may be torn, and readers skip it: it was never acked.
 */
export function createLetterFiles(
  options: LetterFilesOptions,
  parts: { readonly clock: Clock; readonly files: Files },
): LetterFiles {
  const { clock, files } = parts
  let sequence = 0
  let current: OpenLetterFile | undefined

  return { append, close }

  async function append(bytes: Uint8Array): Promise<void> {
    try {
      const target = await fileFor(bytes.length)
      await target.file.write(bytes)
      await target.file.sync()
      target.size += bytes.length
    } catch (error) {
      await abandon()
      throw error
    }
  }

  async function close(): Promise<void> {
    const closing = current
    current = undefined
    // What was acked is synced already, so that a failed close loses nothing.
    await closing?.file.close().catch(() => undefined)
  }

  async function fileFor(bytes: number): Promise<OpenLetterFile> {
    const day = new Date(clock.now()).toISOString().slice(0, 'YYYY-MM-DD'.length)
    if (current && current.day === day && current.size + bytes <= options.maxFileBytes) {
      return current
    }
    await close()
    return create(day)
  }

  async function create(day: string): Promise<OpenLetterFile> {
    sequence += 1
    const place = String(sequence).padStart(4, '0')
    const name = `dead-letters-${day}-${options.writer}-${place}.ndjson`
    const path = join(options.folder, name)
    current = { file: await files.create(path), path, day, size: 0 }
    await files.syncFolder(options.folder)
    return current
  }

  /** A file that holds no letter is removed: a full disk would be littered with them. */
  async function abandon(): Promise<void> {
    const abandoned = current
    await close()
    if (abandoned?.size === 0) await files.remove(abandoned.path).catch(() => undefined)
  }
}

import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** A file open for appending. */
export interface AppendFile {
  /** Resolves when all bytes are written; when it rejects, some may have been. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when what was written, and how long the file has become, is on disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** The few things the sink asks of a file system. */
export interface Files {
  /** Creates the folder and its parents, for their owner only, unless it exists. */
  createFolder(folder: string): Promise<void>
  /** Creates a file that only its owner may read and write. Rejects when the name is taken. */
  create(path: string): Promise<AppendFile>
  remove(path: string): Promise<void>
  /** Resolves when the names of new files in the folder are on disk. */
  syncFolder(folder: string): Promise<void>
}

/** What is asked of `open` in `node:fs/promises`, and of what it opens. */
export type Open = (
  path: string,
  flags: 'ax' | 'r',
  mode?: number,
) => Promise<Pick<FileHandle, 'appendFile' | 'datasync' | 'sync' | 'close'>>

/** The files of a disk: of this machine's, unless told how to open another's. */
export function createDiskFiles(openFile: Open = open): Files {
  return { createFolder, create, remove: (path) => rm(path), syncFolder }

  async function createFolder(folder: string): Promise<void> {
    const path = resolve(folder)
    const first = await mkdir(path, { recursive: true, mode: 0o700 })
    if (first !== undefined) await syncParents(path, dirname(first))
  }

  async function create(path: string): Promise<AppendFile> {
    const file = await openFile(path, 'ax', 0o600)
    return {
      write: (bytes) => file.appendFile(bytes),
      sync: () => file.datasync(),
      close: () => file.close(),
    }
  }

  /** A new folder is lost in a crash, with its files, unless the one it is named in is synced. */
  async function syncParents(folder: string, last: string): Promise<void> {
    const parent = dirname(folder)
    await syncFolder(parent)
    if (parent !== last) await syncParents(parent, last)
  }

  async function syncFolder(folder: string): Promise<void> {
    const handle = await openFile(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

import type { BigIntStats } from 'node:fs'
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** The state of a file in the file system, enough to tell one file from another. */
export interface FileState {
  readonly device: bigint
  readonly inode: bigint
  /**
   * The number of names that lead to the file. It is 0 once the file was deleted, although it is
   * still open.
   */
  readonly links: number
  readonly bytes: number
}

/** A file open for appending. */
export interface AppendFile {
  /** Resolves when all bytes are written. When it rejects, some may have been written. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when the written bytes, and the new length of the file, are on disk. */
  sync(): Promise<void>
  /** Returns the state of the file; `undefined` when the file system does not report it. */
  state(): Promise<FileState | undefined>
  /** Cuts the file to its first `bytes` bytes. */
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** The operations of a file system that the sink needs. */
export interface Files {
  /** Creates the folder and its parents, for their owner only, unless it exists. */
  createFolder(folder: string): Promise<void>
  /** Creates a file that only its owner may read and write. Rejects when the name is taken. */
  create(path: string): Promise<AppendFile>
  /**
   * Returns the state of the file at a path; `undefined` when there is none, or the path cannot be
   * followed.
   */
  stateAt(path: string): Promise<FileState | undefined>
  remove(path: string): Promise<void>
  /** Resolves when the names of new files in the folder are on disk. */
  syncFolder(folder: string): Promise<void>
}

type Handle = Pick<FileHandle, 'datasync' | 'sync' | 'truncate' | 'close'> & {
  appendFile(bytes: Uint8Array): Promise<void>
  stat(options: { readonly bigint: true }): Promise<BigIntStats>
}

/** The part of `open` in `node:fs/promises` that is used, and of the file that it opens. */
export type Open = (path: string, flags: 'ax' | 'r', mode?: number) => Promise<Handle>

/** Makes the files of this machine's disk, or of another disk with its own `openFile`. */
export function createDiskFiles(openFile: Open = open): Files {
  return {
    createFolder,
    create,
    stateAt: (path) => readState(stat(path, { bigint: true })),
    remove: (path) => rm(path),
    syncFolder,
  }

  /**
   * Creates a folder and its parents, one at a time: below /proc, a recursive `mkdir` of Node never
   * ends. A new folder is lost in a crash, with its files, unless its parent folder is synced.
   */
  async function createFolder(folder: string): Promise<void> {
    const path = resolve(folder)
    const parent = dirname(path)
    if (await isFolder(path)) return
    if (parent !== path) await createFolder(parent)
    await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
      // Another instance may have been faster.
      if (!(await isFolder(path))) throw error
    })
    await syncFolder(parent)
  }

  async function create(path: string): Promise<AppendFile> {
    const file = await openFile(path, 'ax', 0o600)
    return {
      write: (bytes) => file.appendFile(bytes),
      sync: () => file.datasync(),
      state: () => readState(file.stat({ bigint: true })),
      truncate: (bytes) => file.truncate(bytes),
      close: () => file.close(),
    }
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

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ?? false
}

/**
 * Returns the state of a file. When the file system does not report it, for any cause, the letters
 * in the file are not safe.
 */
async function readState(pending: Promise<BigIntStats>): Promise<FileState | undefined> {
  const stats = await pending.catch(() => undefined)
  if (!stats) return undefined
  const { dev, ino, nlink, size } = stats
  return { device: dev, inode: ino, links: Number(nlink), bytes: Number(size) }
}

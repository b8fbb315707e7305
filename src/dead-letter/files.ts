import type { BigIntStats } from 'node:fs'
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** What the file system says of a file: enough to tell one file from another. */
export interface FileState {
  readonly device: bigint
  readonly inode: bigint
  /** Names that lead to the file. 0 once it was deleted, although it is still open. */
  readonly links: number
  readonly bytes: number
}

/** A file open for appending. */
export interface AppendFile {
  /** Resolves when all bytes are written; when it rejects, some may have been. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when what was written, and how long the file has become, is on disk. */
  sync(): Promise<void>
  /** `undefined` when the file system cannot say. */
  state(): Promise<FileState | undefined>
  /** Cuts the file to its first `bytes` bytes. */
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** The few things the sink asks of a file system. */
export interface Files {
  /** Creates the folder and its parents, for their owner only, unless it exists. */
  createFolder(folder: string): Promise<void>
  /** Creates a file that only its owner may read and write. Rejects when the name is taken. */
  create(path: string): Promise<AppendFile>
  /** The file that a path leads to; `undefined` when it leads to none, or cannot be followed. */
  stateAt(path: string): Promise<FileState | undefined>
  remove(path: string): Promise<void>
  /** Resolves when the names of new files in the folder are on disk. */
  syncFolder(folder: string): Promise<void>
}

type Handle = Pick<FileHandle, 'appendFile' | 'datasync' | 'sync' | 'truncate' | 'close'> & {
  stat(options: { readonly bigint: true }): Promise<BigIntStats>
}

/** What is asked of `open` in `node:fs/promises`, and of what it opens. */
export type Open = (path: string, flags: 'ax' | 'r', mode?: number) => Promise<Handle>

/** The files of a disk: of this machine's, unless told how to open another's. */
export function createDiskFiles(openFile: Open = open): Files {
  return {
    createFolder,
    create,
    stateAt: (path) => stateIn(stat(path, { bigint: true })),
    remove: (path) => rm(path),
    syncFolder,
  }

  /**
   * Makes one folder at a time: below /proc, a recursive `mkdir` of Node never ends. A new folder
   * is lost in a crash, with its files, unless the one it is named in is synced.
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
      state: () => stateIn(file.stat({ bigint: true })),
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
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

/** A file system that cannot say where a file is cannot vouch for its letters, whatever the cause. */
async function stateIn(asked: Promise<BigIntStats>): Promise<FileState | undefined> {
  try {
    const { dev, ino, nlink, size } = await asked
    return { device: dev, inode: ino, links: Number(nlink), bytes: Number(size) }
  } catch {
    return undefined
  }
}

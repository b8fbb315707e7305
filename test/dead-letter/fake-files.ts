import { basename } from 'node:path'
import type { AppendFile, FileState, Files } from '../../src/dead-letter/files.ts'

export type Operation =
  | 'create_folder'
  | 'create'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'sync_folder'
  | 'close'

/** How one operation ends. `tear` writes the first half and fails. */
export type Fate = 'go' | 'fail' | 'tear'

export interface FakeFiles extends Files {
  /** The texts that a reader sees now, by file name. */
  texts(): Record<string, string>
  /** The texts that a crash of the machine would leave, by file name. */
  textsAfterCrash(): Record<string, string>
  /** How many files are open. */
  open(): number
  /** Somebody else moves a file to another name, over whatever has that name. */
  rename(from: string, to: string): void
  /** Somebody else deletes a file. */
  unlink(name: string): void
  /** Somebody else writes a file of this text, or makes it the text of one that is there. */
  overwrite(name: string, text: string): void
}

interface FakeFile {
  readonly inode: bigint
  nameOnDisk: boolean
  chunks: { readonly bytes: Uint8Array; state: 'in_memory' | 'on_disk' | 'lost' }[]
}

/**
 * A disk that forgets in a crash what was not synced. As on Linux, what a failed sync did not
 * bring to the disk is not brought there by a later one that succeeds.
 */
export function createFakeFiles(
  fateOf: (operation: Operation) => Fate | Promise<Fate> = () => 'go',
): FakeFiles {
  const files = new Map<string, FakeFile>()
  let open = 0
  let inodes = 0n

  return {
    createFolder: () => attempt('create_folder'),
    syncFolder,
    create,
    stateAt: async (path) => {
      const file = files.get(basename(path))
      return file && stateOf(file)
    },
    remove: async (path) => void files.delete(basename(path)),
    texts: () => textsOf(() => true),
    textsAfterCrash: () => textsOf((file, state) => file.nameOnDisk && state === 'on_disk'),
    open: () => open,
    rename,
    unlink: (name) => void files.delete(name),
    overwrite,
  }

  async function create(path: string): Promise<AppendFile> {
    await attempt('create')
    if (files.has(basename(path))) throw new Error('EEXIST: file already exists')
    const file = newFile(basename(path))
    open += 1
    return {
      write: (bytes) => write(file, bytes),
      sync: () => sync(file),
      state: async () => stateOf(file),
      truncate: (bytes) => truncate(file, bytes),
      close,
    }
  }

  function newFile(name: string): FakeFile {
    inodes += 1n
    const file: FakeFile = { inode: inodes, nameOnDisk: false, chunks: [] }
    files.set(name, file)
    return file
  }

  function rename(from: string, to: string): void {
    const file = files.get(from)
    if (!file) throw new Error('ENOENT: no such file')
    files.delete(from)
    files.set(to, file)
  }

  function overwrite(name: string, text: string): void {
    const file = files.get(name) ?? newFile(name)
    file.chunks = [{ bytes: Buffer.from(text), state: 'in_memory' }]
  }

  function stateOf(file: FakeFile): FileState {
    const links = [...files.values()].filter((one) => one === file).length
    const bytes = file.chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0)
    return { device: 1n, inode: file.inode, links, bytes }
  }

  async function truncate(file: FakeFile, bytes: number): Promise<void> {
    await attempt('truncate')
    let left = bytes
    file.chunks = file.chunks.flatMap((chunk) => {
      const kept = chunk.bytes.subarray(0, left)
      left -= kept.length
      return kept.length === 0 ? [] : [{ ...chunk, bytes: kept }]
    })
  }

  async function close(): Promise<void> {
    open -= 1
    await attempt('close')
  }

  async function write(file: FakeFile, bytes: Uint8Array): Promise<void> {
    const fate = await fateOf('write')
    if (fate === 'fail') throw noSpace()
    const written = fate === 'tear' ? bytes.subarray(0, bytes.length / 2) : bytes
    file.chunks.push({ bytes: written, state: 'in_memory' })
    if (fate === 'tear') throw noSpace()
  }

  async function sync(file: FakeFile): Promise<void> {
    const state = (await fateOf('sync')) === 'go' ? 'on_disk' : 'lost'
    for (const chunk of file.chunks) if (chunk.state === 'in_memory') chunk.state = state
    if (state === 'lost') throw noSpace()
  }

  async function syncFolder(): Promise<void> {
    await attempt('sync_folder')
    for (const file of files.values()) file.nameOnDisk = true
  }

  async function attempt(operation: Operation): Promise<void> {
    if ((await fateOf(operation)) !== 'go') throw noSpace()
  }

  function textsOf(
    survives: (file: FakeFile, state: FakeFile['chunks'][number]['state']) => boolean,
  ): Record<string, string> {
    const texts: Record<string, string> = {}
    for (const [name, file] of files) {
      const chunks = file.chunks.filter(({ state }) => survives(file, state))
      texts[name] = Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()
    }
    return texts
  }
}

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

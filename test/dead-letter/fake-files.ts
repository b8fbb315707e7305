import { basename } from 'node:path'
import type { AppendFile, Files } from '../../src/dead-letter/files.ts'

export type Operation = 'create_folder' | 'create' | 'write' | 'sync' | 'sync_folder' | 'close'

/** What becomes of one operation; `tear` writes the first half and fails. */
export type Fate = 'go' | 'fail' | 'tear'

export interface FakeFiles extends Files {
  /** What a reader sees now, by file name. */
  texts(): Record<string, string>
  /** What a crash of the machine would leave, by file name. */
  textsAfterCrash(): Record<string, string>
  /** How many files are open. */
  open(): number
}

interface FakeFile {
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

  return {
    createFolder: () => attempt('create_folder'),
    syncFolder,
    create,
    remove: async (path) => void files.delete(basename(path)),
    texts: () => textsOf(() => true),
    textsAfterCrash: () => textsOf((file, state) => file.nameOnDisk && state === 'on_disk'),
    open: () => open,
  }

  async function create(path: string): Promise<AppendFile> {
    await attempt('create')
    if (files.has(basename(path))) throw new Error('EEXIST: file already exists')
    const file: FakeFile = { nameOnDisk: false, chunks: [] }
    files.set(basename(path), file)
    open += 1
    return {
      write: (bytes) => write(file, bytes),
      sync: () => sync(file),
      close,
    }
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

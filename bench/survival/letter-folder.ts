import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { createLetterReader, type Letter, type LetterReader, parseLetter } from './letters.ts'

/** The folder that the service writes dead letters to. An operator moves and deletes its files. */
export interface LetterFolder extends LetterReader {
  /** Moves the files elsewhere on the disk, where the reader goes on to read them. */
  moveFiles(): void
  /** Reads the files and deletes them; letters written to them later are lost. */
  deleteFiles(): void
  /** Does the same with the folder itself. */
  deleteFolder(): void
  /** Closes the files. */
  close(): void
}

interface OpenFile {
  readonly handle: number
  /** The end of the last whole line that was read. */
  at: number
}

const NEW_LINE = 0x0a
const CHUNK_BYTES = 256 * 1024

/** Creates a reader. `aside` is a folder on the same disk, for moved files. */
export function createLetterFolder(folder: string, aside: string): LetterFolder {
  const files = new Map<string, OpenFile>()
  const { keepUp, ...reader } = createLetterReader(readFiles)
  let moves = 0
  mkdirSync(aside, { recursive: true })

  return {
    ...reader,
    moveFiles,
    deleteFiles,
    deleteFolder,
    close: () => forget([...files.keys()]),
  }

  /** Reads by the handle opened when a file was new, so that a new name does not matter. */
  function readFiles(): readonly Letter[] {
    for (const name of listNames(folder)) open(folder, name)
    return [...files.values()].flatMap(readLetters)
  }

  function moveFiles(): void {
    keepUp()
    moves += 1
    const target = join(aside, `moved-${moves}`)
    mkdirSync(target)
    for (const name of listNames(folder)) renameSync(join(folder, name), join(target, name))
    for (const name of listNames(target)) open(target, name)
  }

  function deleteFiles(): void {
    keepUp()
    const names = listNames(folder).filter((name) => files.has(name))
    for (const name of names) rmSync(join(folder, name))
    keepUp()
    forget(names)
  }

  /** Moves the folder before it reads and deletes it, so that no new file is deleted unread. */
  function deleteFolder(): void {
    keepUp()
    if (!isThere(folder)) return
    const target = join(aside, 'deleted')
    renameSync(folder, target)
    const names = listNames(target)
    for (const name of names) open(target, name)
    rmSync(target, { recursive: true })
    keepUp()
    forget(names)
  }

  function open(place: string, name: string): void {
    if (files.has(name)) return
    const handle = openIfThere(join(place, name))
    if (handle !== undefined) files.set(name, { handle, at: 0 })
  }

  function forget(names: readonly string[]): void {
    for (const name of names) {
      const file = files.get(name)
      if (file) closeSync(file.handle)
      files.delete(name)
    }
  }
}

/** Leaves a last line without an end for later: a failed write may have torn it. */
function readLetters(file: OpenFile): readonly Letter[] {
  const bytes = readFrom(file)
  const end = bytes.lastIndexOf(NEW_LINE) + 1
  file.at += end
  const lines = bytes.toString('utf8', 0, end).split('\n')
  return lines.filter(Boolean).flatMap(parseLetter)
}

function readFrom({ handle, at }: OpenFile): Buffer {
  const chunks: Buffer[] = []
  for (let from = at; ; ) {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    const count = readSync(handle, chunk, 0, CHUNK_BYTES, from)
    if (count === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, count))
    from += count
  }
}

/** The names of the files; none while the folder is gone. */
function listNames(folder: string): readonly string[] {
  if (!isThere(folder)) return []
  return readdirSync(folder).filter((name) => name.endsWith('.ndjson'))
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Opens a file; `undefined` when it was just removed, as one without a letter is. */
function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

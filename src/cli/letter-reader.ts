import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { isLetterFile } from '../dead-letter/letter-lines.ts'
import type { DeadLetter } from '../model/dead-letter.ts'

/** The dead letters in a folder, read as they are written. */
export interface LetterReader {
  /** The letters written since the last call. Synchronous: they are on disk at this very moment. */
  readNew(): readonly DeadLetter[]
}

const NEW_LINE = 0x0a
const CHUNK_BYTES = 1024 * 1024

/**
 * Reads each file from where the last read ended. A last line without an end is left for later,
 * since a failed write may have torn it and nothing follows it in its file. A line that is no
 * letter is skipped.
 */
export function createLetterReader(folder: string): LetterReader {
  const read = new Map<string, number>()

  return { readNew }

  function readNew(): readonly DeadLetter[] {
    const names = unlessGone(() => readdirSync(folder)) ?? []
    return names.filter(isLetterFile).flatMap(readNewLetters)
  }

  function readNewLetters(name: string): readonly DeadLetter[] {
    const from = read.get(name) ?? 0
    const bytes = readFrom(join(folder, name), from)
    const end = bytes.lastIndexOf(NEW_LINE) + 1
    read.set(name, from + end)
    const lines = bytes.toString('utf8', 0, end).split('\n')
    return lines.filter(Boolean).flatMap(parseLetter)
  }
}

function parseLetter(line: string): readonly DeadLetter[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}

/** The rest of a file; empty when the file was just removed, as one without a letter is. */
function readFrom(path: string, from: number): Buffer {
  const file = unlessGone(() => openSync(path, 'r'))
  if (file === undefined) return Buffer.alloc(0)
  const chunks: Buffer[] = []
  try {
    for (let at = from; ; ) {
      const chunk = Buffer.alloc(CHUNK_BYTES)
      const count = readSync(file, chunk, 0, CHUNK_BYTES, at)
      if (count === 0) return Buffer.concat(chunks)
      chunks.push(chunk.subarray(0, count))
      at += count
    }
  } finally {
    closeSync(file)
  }
}

/** Runs `read`; `undefined` when the file or folder was moved or deleted. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** What a run looks at of a dead letter. */
export interface Letter {
  readonly id: string
  readonly reason: string
  readonly detail: string
  readonly subscription: string
}

/** The dead letters in a folder, read as they come. */
export interface LetterReader {
  /** Those written since the last time. Synchronous: what is on disk at this very moment. */
  readNew(): readonly Letter[]
  /** All that were read so far. */
  all(): readonly Letter[]
}

const NEW_LINE = 0x0a
const CHUNK_BYTES = 1024 * 1024

/** Reads each file from where it left off. A last line without an end waits for the rest of it. */
export function createLetterReader(folder: string): LetterReader {
  const read = new Map<string, number>()
  const letters: Letter[] = []

  return { readNew, all: () => letters }

  function readNew(): readonly Letter[] {
    const before = letters.length
    for (const name of readdirSync(folder)) readFile(name)
    return letters.slice(before)
  }

  function readFile(name: string): void {
    const from = read.get(name) ?? 0
    const bytes = bytesFrom(join(folder, name), from)
    const end = bytes.lastIndexOf(NEW_LINE) + 1
    read.set(name, from + end)
    const lines = bytes.toString('utf8', 0, end).split('\n')
    for (const line of lines) if (line !== '') addLetter(line)
  }

  /** A write that failed may have torn a line, and nothing follows it in its file. */
  function addLetter(line: string): void {
    const { id, reason, detail, message } = JSON.parse(line)
    letters.push({ id, reason, detail, subscription: message.subscription })
  }
}

function bytesFrom(path: string, from: number): Buffer {
  const file = openSync(path, 'r')
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

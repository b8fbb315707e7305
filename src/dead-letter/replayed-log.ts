import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createDiskFiles } from './files.ts'
import { type LetterFile, letterLines, REPLAYED_FILE } from './letter-lines.ts'
import { identityOf, keyOfIdentity, type StoredLetter } from './stored-letter.ts'

/** The end of a letter that is done: none of its events waits for anything. */
export type ReplayOutcome = 'imported' | 'dropped' | 'stored_again'

/** A letter that is done. `stored_again`: what failed again is a letter with one replay more. */
export interface Replayed {
  readonly letter: StoredLetter
  readonly outcome: ReplayOutcome
  /** The reason of the letter that was stored again. */
  readonly reason?: string
  /** Epoch ms. */
  readonly at: number
}

/** The file beside the letters that names those that are done. It is only ever appended to. */
export interface ReplayedLog {
  /** Resolves when the entries are on disk. */
  append(entries: readonly Replayed[]): Promise<void>
  close(): Promise<void>
}

const LINE_FEED = '\n'

/** Opens the log of a folder for appending, for its owner only. */
export async function openReplayedLog(folder: string): Promise<ReplayedLog> {
  const file = await open(join(folder, REPLAYED_FILE), 'a+', 0o600)
  await endLine(file)
  await createDiskFiles().syncFolder(folder)

  return { append, close: () => file.close() }

  async function append(entries: readonly Replayed[]): Promise<void> {
    if (entries.length === 0) return
    await file.appendFile(entries.map(formatEntry).join(''))
    await file.datasync()
  }
}

/** Reads the keys of the letters that are done. A line that a killed process has torn is skipped. */
export async function* readReplayedLog(folder: string): AsyncGenerator<readonly string[]> {
  const path = join(folder, REPLAYED_FILE)
  const state = await stat(path).catch(unlessMissing)
  if (state === undefined) return
  const file: LetterFile = { path, bytes: state.size, changedAt: state.mtimeMs }
  for await (const lines of letterLines(file)) yield [...lines].flatMap(keyIn)
}

/** Ends the line that a killed process may have left without an end. */
async function endLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  if (size === 0) return
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, size - 1)
  if (last.toString() !== LINE_FEED) await file.appendFile(LINE_FEED)
}

function formatEntry({ letter, outcome, reason, at }: Replayed): string {
  const entry = { ...identityOf(letter), outcome, reason, at: new Date(at).toISOString() }
  return `${JSON.stringify(entry)}${LINE_FEED}`
}

function keyIn(line = ''): readonly string[] {
  try {
    return [keyOfIdentity(JSON.parse(line))]
  } catch {
    return []
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of letters as it was when it was found. */
export interface LetterFile {
  readonly path: string
  /** Bytes that are written later are not read. */
  readonly bytes: number
  /** Epoch ms. */
  readonly changedAt: number
}

/**
 * The whole lines in a chunk of a file, without their ends; `undefined` for one that is too long for
 * a letter. A line is made when it is asked for, and all must be before the next chunk is read.
 */
export type LinesOfChunk = Iterable<string | undefined>

/** The file beside the letters that names those that are done. */
export const REPLAYED_FILE = 'replayed.ndjson'

const NEW_LINE = 0x0a
const CHUNK_BYTES = 256 * 1024
/** A letter holds at most 16 MiB of published data, in base64, and the attributes. */
const MOST_LINE_BYTES = 64 * 1024 * 1024

/** Whether a file of this name in the folder holds letters. */
export function isLetterFile(name: string): boolean {
  return name.endsWith('.ndjson') && name !== REPLAYED_FILE
}

/** Finds the files of letters in a folder, by their names. Rejects when it cannot be read. */
export async function findLetterFiles(folder: string): Promise<readonly LetterFile[]> {
  const names = (await readdir(folder)).filter(isLetterFile).sort()
  const found: LetterFile[] = []
  for (const name of names) {
    const path = join(folder, name)
    // The service removes a file that has no letter.
    const state = await stat(path).catch(() => undefined)
    if (state?.isFile()) found.push({ path, bytes: state.size, changedAt: state.mtimeMs })
  }
  return found
}

/**
 * Reads a file chunk by chunk. A last line without an end is not read: a writer may be about
 * to finish it, or was killed before it was acked.
 */
export async function* letterLines({ path, bytes }: LetterFile): AsyncGenerator<LinesOfChunk> {
  // The service may have removed it.
  if (bytes === 0) return
  const file = await open(path, 'r')
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  const cutter = createLineCutter()
  try {
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, bytes - at), at)
      if (bytesRead === 0) return
      at += bytesRead
      yield cutter(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

/** Makes a function that returns the lines that end in a chunk. It holds the rest of a line. */
function createLineCutter(): (chunk: Buffer) => LinesOfChunk {
  let begun: Buffer[] = []
  let begunBytes = 0

  return function* cut(chunk) {
    let from = 0
    for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, from)) {
      const line = begunBytes > MOST_LINE_BYTES ? undefined : lineUpTo(chunk, from, end)
      begun = []
      begunBytes = 0
      from = end + 1
      yield line
    }
    keep(chunk.subarray(from))
  }

  function lineUpTo(chunk: Buffer, from: number, end: number): string {
    if (begunBytes === 0) return chunk.toString('utf8', from, end)
    return Buffer.concat([...begun, chunk.subarray(from, end)]).toString()
  }

  /** The chunk is written over by the next one. */
  function keep(rest: Buffer): void {
    begunBytes += rest.length
    if (begunBytes > MOST_LINE_BYTES) begun = []
    else if (rest.length > 0) begun.push(Buffer.from(rest))
  }
}

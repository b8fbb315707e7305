import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import type { Io } from './io.ts'

/**
 * Reads a file, or stdin when its name is `-`, until the command is ended. An error names the file,
 * so that the command ends with one line about it.
 */
export async function* readInput(
  file: string,
  { stdin, ending }: Pick<Io, 'stdin' | 'ending'>,
): AsyncGenerator<Uint8Array> {
  const bytes = file === '-' ? stdin() : createReadStream(file)
  try {
    yield* addAbortSignal(ending(), bytes)
  } catch (error) {
    // A read of a directory fails without a path.
    if (!(error instanceof Error && 'errno' in error)) throw error
    throw Object.assign(error, { path: file === '-' ? 'stdin' : file })
  }
}

import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { type Io, UserMistake } from './io.ts'

/**
 * Reads a file, or stdin when its name is `-`, until the command is ended. An error names the file,
 * so that the command ends with one line about it.
 */
export async function* readInput(
  file: string,
  { stdin, ending }: Pick<Io, 'stdin' | 'ending'>,
): AsyncGenerator<Buffer> {
  const bytes = file === '-' ? stdin() : createReadStream(file)
  try {
    yield* addAbortSignal(ending(), bytes)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'errno' in error)) throw error
    const path = nameOf(file)
    throw error.code === 'EISDIR' ? isAFolder(path) : Object.assign(error, { path })
  }
}

/** Returns the name of an input for people. */
export function nameOf(file: string): string {
  return file === '-' ? 'stdin' : file
}

/** Makes the mistake of a user who names a folder in the place of a file. */
export function isAFolder(path: string): UserMistake {
  return new UserMistake(`${path} is a folder: name the files in it`)
}

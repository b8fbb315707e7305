import { readFile, stat } from 'node:fs/promises'
import { InvalidMappingError } from '../invalid-mapping.ts'

/** The size of a ConfigMap of Kubernetes. YAML of this size takes about a second. */
const MOST_BYTES = 1024 * 1024

/**
 * Returns the text of a mapping file. Rejects with an `InvalidMappingError` for a file that is too
 * large or not UTF-8, or with the error of the file system.
 */
export async function readText(path: string): Promise<string> {
  const stats = await stat(path)
  if (stats.isDirectory()) throw fault(path, 'this is a folder; name the mapping file in it')
  const { size } = stats
  if (size > MOST_BYTES) {
    throw fault(path, `the file has ${(size / MOST_BYTES).toFixed(1)} MiB, and may have 1 MiB`)
  }
  const bytes = await readFile(path)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw fault(path, 'the file is not UTF-8')
  }
}

function fault(path: string, text: string): InvalidMappingError {
  return new InvalidMappingError(path, [{ line: 1, text }])
}

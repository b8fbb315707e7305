import { isMappingPath, loadTransform } from '../../transform/load-transform.ts'
import { asPublished } from '../../transform/transform.ts'
import type { Io } from '../frame/io.ts'
import { loadMappingFile } from '../load-mapping-file.ts'
import type { FilesDeps, FilesOptions } from './check-files.ts'

/**
 * Loads the transform at a path, or the one of a service without any. That of a mapping file can be
 * explained. Rejects with what is wrong with the file.
 */
export async function loadMapped(
  path: string | undefined,
  style: FilesOptions['style'],
  io: Io,
): Promise<Pick<FilesDeps, 'transform' | 'explain'>> {
  if (path === undefined) return { transform: asPublished }
  if (!isMappingPath(path)) {
    return { transform: await loadTransform(path, { env: io.env, keys: 'fixed' }) }
  }
  const { mapping } = await loadMappingFile(path, io)
  const { transform, explain } = mapping
  return style === 'explain' ? { transform, explain } : { transform }
}

import type { AppendFile, FileState, Files } from './files.ts'

/** What has become of an open file since it was written to. */
export type FilePlace =
  /** Its path leads to it, and it holds what was written. */
  | 'in_place'
  /** Its path leads to another file; it lies elsewhere under another name. */
  | 'stranger'
  /** It was moved or deleted, or somebody else wrote to it or cut it, or nobody can say. */
  | 'lost'

/** Compares an open file that was written `bytes` bytes with the file at its path. */
export async function placeOf(
  { file, path, bytes }: { readonly file: AppendFile; readonly path: string; bytes: number },
  files: Pick<Files, 'stateAt'>,
): Promise<FilePlace> {
  const [own, found] = [await file.state(), await files.stateAt(path)]
  if (own?.bytes !== bytes || found === undefined) return 'lost'
  if (isSame(own, found)) return 'in_place'
  return own.links === 0 ? 'lost' : 'stranger'
}

function isSame(one: FileState, other: FileState): boolean {
  return one.device === other.device && one.inode === other.inode
}

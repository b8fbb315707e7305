import type { AppendFile, FileState, Files } from './files.ts'

/** The state of an open file since it was last written. */
export type FilePlace =
  /** The path leads to the file, and the file holds what was written. */
  | 'in_place'
  /** The path leads to another file. This one lies elsewhere under another name. */
  | 'other_inode'
  /** The file was moved, deleted, cut or written to by another process, or its state is unknown. */
  | 'lost'

/** Compares an open file, to which `bytes` bytes were written, with the file at its path. */
export async function findPlace(
  { file, path, bytes }: { readonly file: AppendFile; readonly path: string; bytes: number },
  files: Pick<Files, 'stateAt'>,
): Promise<FilePlace> {
  const [own, found] = [await file.state(), await files.stateAt(path)]
  if (own?.bytes !== bytes || found === undefined) return 'lost'
  if (isSame(own, found)) return 'in_place'
  return own.links === 0 ? 'lost' : 'other_inode'
}

function isSame(one: FileState, other: FileState): boolean {
  return one.device === other.device && one.inode === other.inode
}

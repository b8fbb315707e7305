import { visibleText } from './visible-text.ts'

/** A place in a file. Lines and columns count from 1. */
export interface Position {
  readonly file: string
  readonly line?: number
  /** Counts UTF-16 code units, as an editor does. */
  readonly column?: number
}

/** Returns `file:line:column`, without the parts that are not known. */
export function positionText({ file, line, column }: Position): string {
  const parts = [visibleText(file), line, line === undefined ? undefined : column]
  return parts.filter((part) => part !== undefined).join(':')
}

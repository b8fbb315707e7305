import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The place of a frame: a file, by its URL or its path, with line and column. */
const FRAME = /^ {4}at (?:async )?(?:[^/]* \()?((?:file:\/\/)?\/.*):(\d+):(\d+)\)?$/
/** The place of a syntax error: the file and the line, as Node prints them above the source. */
const SOURCE_LINE = /^((?:file:\/\/)?\/.*):(\d+)$/
const CARETS = /^\s*\^+\s*$/
const TAB_WIDTH = 4

export interface Caller {
  /** The folder of the owner's module. Files are named relative to it. */
  readonly folder: string
  /** The URL of our file that called the owner's code. The frames below it are not the owner's. */
  readonly url: string
}

/**
 * Returns the place in the owner's code where an error was thrown, as `file:line:column`. A file of
 * the owner comes before one of a package. Returns `undefined` when no frame is in either.
 */
export function thrownAt({ stack, message }: Error, caller: Caller): string | undefined {
  const frames = framesIn(String(stack), String(message))
  const callersAt = frames.findIndex(({ file }) => file === pathOf(caller.url))
  const owners = callersAt === -1 ? frames : frames.slice(0, callersAt)
  const own = owners.find(({ file }) => !file.includes('/node_modules/')) ?? owners[0]
  return own && `${relative(caller.folder, own.file)}:${own.line}:${own.column}`
}

/**
 * Returns the place of a syntax error in the text that Node printed, in the same form; `undefined`
 * when it names none.
 */
export function syntaxErrorAt(printed: string, folder: string): string | undefined {
  const lines = printed.split('\n')
  const at = lines.findIndex((line) => SOURCE_LINE.test(line))
  const [, file = '', line = ''] = SOURCE_LINE.exec(lines[at] ?? '') ?? []
  if (file === '') return undefined
  const carets = lines.slice(at + 1, lines.indexOf('', at + 1)).find((one) => CARETS.test(one))
  const path = pathOf(file)
  const column = columnOf(carets ?? '^', sourceLine(path, Number(line)))
  return `${relative(folder, path)}:${line}:${column}`
}

/**
 * Returns the column under the first caret. Node prints a tab as it is, or, in TypeScript, as
 * spaces.
 */
function columnOf(carets: string, source: string): number {
  const at = carets.indexOf('^')
  if (carets.includes('\t')) return at + 1
  let column = 0
  for (let printed = 0; printed < at; column += 1) {
    printed += source[column] === '\t' ? TAB_WIDTH - (printed % TAB_WIDTH) : 1
  }
  return column + 1
}

function sourceLine(path: string, line: number): string {
  return readFileSync(path, 'utf8').split('\n')[line - 1] ?? ''
}

interface Frame {
  readonly file: string
  readonly line: string
  readonly column: string
}

/** Returns the frames of a stack without its head, which repeats the message. */
function framesIn(stack: string, message: string): readonly Frame[] {
  const frames: Frame[] = []
  for (const text of stack.slice(stack.indexOf(message) + message.length).split('\n')) {
    const [, file, line = '', column = ''] = FRAME.exec(text) ?? []
    if (file !== undefined) frames.push({ file: pathOf(file), line, column })
  }
  return frames
}

function pathOf(file: string): string {
  return file.startsWith('file://') ? fileURLToPath(file) : file
}

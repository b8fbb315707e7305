import type { YAMLError } from 'yaml'
import type { MappingPath } from '../compiled-mapping.ts'
import { pathText } from './path-text.ts'
import { entryStart, findAt, pathTo, type Source, startOf } from './source.ts'

/** A mistake at an offset of the text. */
export interface Fault {
  readonly at: number
  readonly text: string
}

/** The part of a line before a value: dashes, and a key with its colon. */
const BEFORE_VALUE =
  /^\s*(?:-\s+)*(?:(?:[^\s'"#:[{-][^:]*|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*:\s+)?/
/** Characters with which YAML begins something other than a text, or nothing. */
const INDICATOR = /^[!&*@`%|>?,[\]{}]/
const COLON = /:(?:\s|$)/
/** Errors about a map that YAML makes of a text. */
const NESTED = /^Nested mappings|^Block collections/
/** Errors whose text says little, and what to say of them. */
const CLEARER: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/^Implicit map keys need/, 'this is no key with a value; write a colon and a space after a key'],
  [/^A block sequence may not/, 'a list stands where a key of a map must stand'],
  [/^Flow map .* end with a }/, 'a } is missing before this place'],
  [/^Flow sequence .* end with a \]/, 'a ] is missing before this place'],
]

const OWN_TEXTS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here; a mapping file holds one',
  TAB_AS_INDENT: 'a tab stands in the indentation; write spaces',
  BAD_DIRECTIVE: 'YAML has no such directive; leave out the line',
  BAD_DQ_ESCAPE: 'a \\ in double quotes begins an escape; single quotes keep it as it is',
}

/** Errors that leave the rest of the tree as it was meant. */
const HARMLESS = new Set(['BLOCK_AS_IMPLICIT_KEY', 'BLOCK_IN_FLOW', 'BAD_SCALAR_START'])
const HARMLESS_MESSAGE =
  /^Unexpected scalar at node end|^Block scalar header|^Not a YAML token|^Source contains multiple/
/** Errors after which YAML reads no more of the tree. The errors after them are noise. */
const LOST = /in YAML stream|^Unexpected flow-(?:map|seq)-(?:start|end)/

/** Whether YAML reads the text around an error as it was meant. */
export function isHarmless({ code, message, pos }: YAMLError, { text }: Source): boolean {
  if (isBrace(text, pos[0])) return false
  return HARMLESS.has(code) || code === 'BAD_DQ_ESCAPE' || HARMLESS_MESSAGE.test(message)
}

/** Returns the mistakes behind the errors of YAML: one a line, and none that follows from another. */
export function faultsOf(errors: readonly YAMLError[], source: Source): Fault[] {
  const faults = new Map<number, Fault>()
  for (const error of errors) {
    const { line } = source.lines.linePos(error.pos[0])
    if (!faults.has(line)) faults.set(line, faultOf(error, source))
    if (LOST.test(error.message)) break
  }
  return [...faults.values()]
}

function faultOf(error: YAMLError, source: Source): Fault {
  const [at] = error.pos
  const own = OWN_TEXTS[error.code]
  if (own !== undefined) return { at, text: own }
  // The library stops where its stack ends.
  if (error.code === 'RESOURCE_EXHAUSTION') {
    return { at: entryStart(source, at), text: 'the file nests too deep' }
  }
  if (error.message.startsWith('Missing closing')) return openQuote(error, source)
  const place = pathText(textPath(error, source))
  const unquoted = unquotedAt(error, source)
  if (unquoted === undefined) return { at, text: `${place}: ${yamlsText(error)}` }
  return { at: unquoted.at, text: `${place}: ${unquoted.cause}; ${quoteHint(unquoted.text)}` }
}

/** Returns the path of the text in which YAML has found an error. */
function textPath({ code, pos: [at] }: YAMLError, source: Source): MappingPath {
  const path = pathTo(source, at)
  // YAML may have made a map of the text, whose first key is at the error.
  return code.startsWith('BLOCK_') || path.at(-1) === '$' ? path.slice(0, -1) : path
}

/** The error of the library stands at the end of the file. */
function openQuote({ pos: [at] }: YAMLError, source: Source): Fault {
  const path = pathTo(source, at)
  const start = startOf(findAt(source, path).node)
  return { at: start ?? at, text: `${pathText(path)}: the quote is not closed` }
}

/** Returns the advice to write a text in single quotes. */
export function quoteHint(text: string): string {
  const doubled = text.includes("'") ? ", with each ' in it doubled" : ''
  return `put the expression in single quotes${doubled}`
}

interface Value {
  readonly at: number
  readonly text: string
}

/** Returns the text without quotes that causes an error, and how YAML takes it. */
function unquotedAt(
  { message, pos: [at] }: YAMLError,
  source: Source,
): (Value & { readonly cause: string }) | undefined {
  if (isBrace(source.text, at)) {
    return {
      at: at - 1,
      text: '',
      cause: 'YAML takes the brace of an expression inside { } or [ ] for a map',
    }
  }
  if (NESTED.test(message)) {
    const text = source.text.slice(at, lineEnd(source, at))
    return COLON.test(text)
      ? { at, text, cause: 'YAML takes the text before ": " for a key' }
      : undefined
  }
  const value = valueAt(source, at)
  if (/^['"]/.test(value.text) && message.startsWith('Unexpected')) {
    return { ...value, cause: 'YAML takes the text to end at its second quote' }
  }
  const [sign] = INDICATOR.exec(value.text) ?? []
  return sign === undefined
    ? undefined
    : { ...value, cause: `YAML takes no text that begins with ${sign}` }
}

/** Returns the value on the line of an offset. */
function valueAt(source: Source, offset: number): Value {
  const { lines, text } = source
  const start = lines.lineStarts[lines.linePos(offset).line - 1] ?? 0
  const line = text.slice(start, lineEnd(source, offset))
  const [before = ''] = BEFORE_VALUE.exec(line) ?? []
  return { at: start + before.length, text: line.slice(before.length) }
}

function lineEnd({ text }: Source, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end === -1 ? text.length : end
}

/** Whether the offset is that of the brace that begins an expression, where YAML begins a map. */
function isBrace(text: string, at: number): boolean {
  return at > 0 && text[at - 1] === '$' && text[at] === '{'
}

/** The texts of the library begin with a capital, and may go on with its advice. */
function yamlsText({ message }: YAMLError): string {
  const clearer = CLEARER.find(([pattern]) => pattern.test(message))
  if (clearer !== undefined) return clearer[1]
  const [first = ''] = message.split('\n')
  return first.charAt(0).toLowerCase() + first.slice(1)
}

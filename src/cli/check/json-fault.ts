import { skipSpace } from '../../lib/json/scan.ts'

/** The part of JSON that must follow. */
type Wanted = 'value' | 'element_or_end' | 'name' | 'name_or_end' | 'colon' | 'comma_or_end' | 'end'

/** A token: its first character, `0` for a number or a word, and the index after it. */
interface Token {
  readonly first: string
  readonly end: number
  readonly isWhole: boolean
}

const MARK = /[{}[\],:]/y
/** All characters but quotes, backslashes and controls may stand in a string as they are. */
const STRING_START = /"(?:[ !#-[\]-\uffff]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y
const NUMBER_OR_WORD = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/**
 * Returns the index of the first character that keeps a text from being JSON: the length when the
 * text is cut off; `undefined` when it is JSON.
 */
export function jsonFaultIn(text: string): number | undefined {
  const open: string[] = []
  let wanted: Wanted = 'value'
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const token = tokenAt(text, at)
    const next = wantedAfter(token.first, wanted, open)
    if (next === undefined) return at
    if (!token.isWhole) return token.end
    wanted = next
    at = skipSpace(text, token.end)
  }
  return wanted === 'end' ? undefined : text.length
}

function tokenAt(text: string, at: number): Token {
  const first = text.charAt(at)
  if (first === '"') {
    const end = endOf(STRING_START, text, at)
    const isWhole = text.charAt(end) === '"'
    return { first, end: end + Number(isWhole), isWhole }
  }
  const markEnd = endOf(MARK, text, at)
  if (markEnd > at) return { first, end: markEnd, isWhole: true }
  const end = endOf(NUMBER_OR_WORD, text, at)
  return { first: '0', end, isWhole: end > at }
}

/** Returns the index after the match at `at`; `at` when there is none. */
function endOf(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at
  return sticky.test(text) ? sticky.lastIndex : at
}

/** Returns what must follow a token; `undefined` when the token may not stand here. */
function wantedAfter(first: string, wanted: Wanted, open: string[]): Wanted | undefined {
  if (first === '}' || first === ']') {
    return wanted.endsWith('_or_end') && open.pop() === first ? afterValue(open) : undefined
  }
  switch (wanted) {
    case 'value':
    case 'element_or_end':
      return wantedInValue(first, open)
    case 'name':
    case 'name_or_end':
      return first === '"' ? 'colon' : undefined
    case 'colon':
      return first === ':' ? 'value' : undefined
    case 'comma_or_end':
      if (first !== ',') return undefined
      return open.at(-1) === '}' ? 'name' : 'value'
    case 'end':
      return undefined
  }
}

function wantedInValue(first: string, open: string[]): Wanted | undefined {
  if (first === '{') {
    open.push('}')
    return 'name_or_end'
  }
  if (first === '[') {
    open.push(']')
    return 'element_or_end'
  }
  return first === '"' || first === '0' ? afterValue(open) : undefined
}

function afterValue(open: readonly string[]): Wanted {
  return open.length === 0 ? 'end' : 'comma_or_end'
}

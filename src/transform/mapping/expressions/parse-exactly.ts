import { endOfString, skipSpace } from '../../../lib/json/scan.ts'
import { exactNumber, isRawNumber } from './exact-numbers.ts'

/** A JSON text, and the place up to which it is read. */
interface Scan {
  readonly text: string
  at: number
}

/** An object or a list. */
type Whole = Record<string | number, unknown>

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
/** A number or a word, up to what follows it. */
const WORD = /[^,\]}\s]*/y
/** A number that is written with less than this and without an exponent is a double. */
const LONG = 16
const EXPONENT = /[eE]/

/**
 * Parses JSON. An integer past 2^53 is a bigint; a number that a double cannot hold is raw. It puts
 * them into what JSON.parse makes. A reviver of JSON.parse would set each member again, which takes
 * some ten times as long for 100,000 of them.
 */
export function parseExactly(json: string): unknown {
  const whole: Whole = { 0: JSON.parse(json) }
  readItem({ text: json, at: skipSpace(json, 0) }, whole, () => 0)
  return whole[0]
}

/** Reads the item at the place of the scan. `keyOf` returns its key, which few items need. */
function readItem(scan: Scan, whole: Whole, keyOf: () => string | number): void {
  switch (scan.text.charCodeAt(scan.at)) {
    case QUOTE:
      scan.at = endOfString(scan.text, scan.at)
      break
    case OPEN_BRACE:
      readMembers(scan, wholeIn(whole[keyOf()]))
      break
    case OPEN_BRACKET:
      readElements(scan, wholeIn(whole[keyOf()]))
      break
    default:
      readWord(scan, whole, keyOf)
  }
}

/** Equal keys have one value, the last. A whole that it replaced is read and changes nothing. */
function wholeIn(value: unknown): Whole {
  return isWhole(value) ? value : {}
}

function isWhole(value: unknown): value is Whole {
  return typeof value === 'object' && value !== null
}

function readMembers(scan: Scan, object: Whole): void {
  const { text } = scan
  for (let isMore = enter(scan); isMore; isMore = goOn(scan)) {
    const keyAt = scan.at
    const keyEnd = endOfString(text, keyAt)
    scan.at = skipSpace(text, skipSpace(text, keyEnd) + 1)
    readItem(scan, object, () => keyIn(text.slice(keyAt, keyEnd)))
  }
}

function readElements(scan: Scan, list: Whole): void {
  let index = 0
  for (let isMore = enter(scan); isMore; isMore = goOn(scan)) {
    readItem(scan, list, () => index)
    index += 1
  }
}

function keyIn(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  const key: string = JSON.parse(quoted)
  return key
}

/** Moves to the first item of an object or a list. Returns whether there is one; otherwise, to its end. */
function enter(scan: Scan): boolean {
  scan.at = skipSpace(scan.text, scan.at + 1)
  const char = scan.text[scan.at]
  if (char !== '}' && char !== ']') return true
  scan.at += 1
  return false
}

/** Moves to the next item, or to the end of the object or list. */
function goOn(scan: Scan): boolean {
  const at = skipSpace(scan.text, scan.at)
  const isMore = scan.text.charCodeAt(at) === COMMA
  scan.at = isMore ? skipSpace(scan.text, at + 1) : at + 1
  return isMore
}

/** Reads a number or a word, and puts an exact number in the place of the double. */
function readWord(scan: Scan, whole: Whole, keyOf: () => string | number): void {
  WORD.lastIndex = scan.at
  const [source = ''] = WORD.exec(scan.text) ?? []
  scan.at += source.length
  if (source.length < LONG && !EXPONENT.test(source)) return
  const key = keyOf()
  const double = Number(source)
  if (doubleOf(whole[key]) === double) whole[key] = exactNumber(double, source)
}

/** Returns the double of a number, which may be exact already; another value as it is. */
function doubleOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  return isRawNumber(value) ? Number(value.rawJSON) : value
}

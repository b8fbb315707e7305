/** A number of a JSON text that a double cannot hold. `JSON.stringify` writes the text. */
export interface RawNumber {
  readonly rawJSON: string
}

declare global {
  interface JSON {
    /** @see https://tc39.es/proposal-json-parse-with-source/ */
    rawJSON(text: string): RawNumber
    isRawJSON(value: unknown): value is RawNumber
  }
}

/** The most digits and points of a number that a double holds, up to 9·10^15. */
const SAFE_RUN = 16
const ZERO = 0x30
const NINE = 0x39
const POINT = 0x2e
const LARGE_EXPONENT = /[eE][+-]?\d{3}/
const INTEGER = /^-?\d+$/
const EXPONENT = /[eE]/
/** The most digits of an integer that is a bigint: the conversion of a long one takes seconds. */
const MOST_DIGITS = 100

/**
 * Whether a JSON text may hold a number that JSON.parse rounds: more than fifteen digits with a point
 * or an exponent, more than sixteen without, sixteen from 9·10^15 on, or an exponent of three
 * digits. Microseconds of this century are none. The number may lie in a string, too.
 */
export function mayLoseNumbers(json: string): boolean {
  return hasLongRun(json) || LARGE_EXPONENT.test(json)
}

/**
 * Looks for a run of digits and points at each place that a long one must cover. A regular
 * expression would read each shorter run again from each of its digits.
 */
function hasLongRun(json: string): boolean {
  for (let at = SAFE_RUN - 1; at < json.length; at += SAFE_RUN) {
    if (!isOfNumber(json.charCodeAt(at))) continue
    let start = at
    while (isOfNumber(json.charCodeAt(start - 1))) start -= 1
    let end = at + 1
    while (end - start <= SAFE_RUN && isOfNumber(json.charCodeAt(end))) end += 1
    const length = end - start
    if (length > SAFE_RUN) return true
    if (length === SAFE_RUN && (json[start] === '9' || isExponent(json[end]))) return true
  }
  return false
}

function isOfNumber(char: number): boolean {
  return (char >= ZERO && char <= NINE) || char === POINT
}

function isExponent(character: string | undefined): boolean {
  return character === 'e' || character === 'E'
}

export function isRawNumber(value: unknown): value is RawNumber {
  return JSON.isRawJSON(value)
}

/** Returns the number of a JSON text: a double when it can hold it, else a bigint or a raw number. */
export function exactNumber(value: number, source: string): unknown {
  if (INTEGER.test(source)) return exactInteger(value, source)
  return isExact(value, source) ? value : JSON.rawJSON(source)
}

function exactInteger(value: number, source: string): unknown {
  if (Number.isSafeInteger(value)) return value
  return source.length > MOST_DIGITS ? JSON.rawJSON(source) : BigInt(source)
}

/** Whether the shortest decimal of the double is the same number as the text. */
function isExact(value: number, source: string): boolean {
  const shortest = String(value)
  if (shortest === source) return true
  if (!Number.isFinite(value) || isInOneForm(shortest, source)) return false
  return decimalOf(shortest) === decimalOf(source)
}

/** Whether both are decimals without an exponent or a last zero, which have one form. */
function isInOneForm(one: string, other: string): boolean {
  return !other.endsWith('0') && !EXPONENT.test(one) && !EXPONENT.test(other)
}

/** Returns a decimal in one form: its significant digits, and the power of ten of the last. */
function decimalOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = withoutLastZeros(digits)
  if (significant === '') return '0'
  const power = Number(exponent) - fraction.length + digits.length - significant.length
  return `${sign}${significant}e${power}`
}

/** A regular expression would try each run of zeros again from each of its zeros. */
function withoutLastZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

import { isRawNumber } from '../exact-numbers.ts'
import type { Site } from '../expression-error.ts'
import { createType, type Kind, kindOf } from '../kinds.ts'
import { type At, spend } from '../part.ts'
import { plainOf, writeJson } from '../values.ts'
import { anything, type CelFunction, type Read, text, unary, unexpected } from './function.ts'

/** The longest text that is read as a number. */
const LONGEST = 100
const INTEGER = /^[+-]?\d+$/
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** The names of types, which are values in an expression. */
export const TYPES = {
  null_type: createType('null_type'),
  bool: createType('bool'),
  int: createType('int'),
  double: createType('double'),
  string: createType('string'),
  bytes: createType('bytes'),
  list: createType('list'),
  map: createType('map'),
  type: createType('type'),
  timestamp: createType('google.protobuf.Timestamp'),
  duration: createType('google.protobuf.Duration'),
}

const TYPE_OF: Readonly<Record<Kind, keyof typeof TYPES>> = {
  null: 'null_type',
  bool: 'bool',
  number: 'double',
  raw: 'double',
  text: 'string',
  bytes: 'bytes',
  list: 'list',
  time: 'timestamp',
  duration: 'duration',
  type: 'type',
  object: 'map',
}

const TRUTHS: Readonly<Record<string, boolean>> = {
  1: true,
  t: true,
  true: true,
  TRUE: true,
  True: true,
  0: false,
  f: false,
  false: false,
  FALSE: false,
  False: false,
}

const bytes: Read<Uint8Array> = (value, site) => {
  if (value instanceof Uint8Array) return value
  throw unexpected(value, 'bytes', site)
}

export const CONVERSIONS: Readonly<Record<string, readonly CelFunction[]>> = {
  dyn: [unary(anything, (value) => value)],
  type: [unary(anything, typeOf, TYPES.null_type)],
  string: [unary(anything, stringOf)],
  int: [unary(anything, (value, { site }) => integerOf(value, site))],
  uint: [unary(anything, (value, { site }) => unsigned(integerOf(value, site), site))],
  double: [unary(anything, (value, { site }) => doubleOf(value, site))],
  bool: [unary(anything, (value, { site }) => boolOf(value, site))],
  bytes: [unary(anything, bytesOf)],
  base64: [unary(bytes, (value) => Buffer.from(value).toString('base64'))],
  hex: [unary(bytes, (value) => Buffer.from(value).toString('hex'))],
}

function typeOf(value: unknown): unknown {
  return typeof value === 'bigint' ? TYPES.int : TYPES[TYPE_OF[kindOf(value)]]
}

/** Returns a value as it stands in a text: a text as it is, everything else as its JSON. */
export function writtenOut(value: unknown, at: At): string {
  if (value instanceof Uint8Array) return decoded(value, at)
  const plain = plainOf(value, at)
  return typeof plain === 'string' ? plain : writeJson(plain)
}

function decoded(value: Uint8Array, { frame, site }: At): string {
  spend(frame, value.length, site)
  return Buffer.from(value).toString('utf8')
}

function stringOf(value: unknown, at: At): string {
  const kind = kindOf(value)
  if (kind === 'list' || kind === 'object') throw unexpected(value, 'a single value', at.site)
  return writtenOut(value, at)
}

function integerOf(value: unknown, site: Site): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof Date) return BigInt(Math.floor(value.getTime() / 1000))
  const integer = typeof value === 'string' ? readInteger(value) : truncated(value)
  if (integer !== undefined && BigInt.asIntN(64, integer) === integer) return integer
  throw unexpectedNumber(value, 'a whole number of 64 bits', site)
}

function truncated(value: unknown): bigint | undefined {
  return typeof value === 'number' ? BigInt(Math.trunc(value)) : undefined
}

function readInteger(given: string): bigint | undefined {
  return given.length <= LONGEST && INTEGER.test(given) ? BigInt(given.replace('+', '')) : undefined
}

function unsigned(integer: bigint, site: Site): bigint {
  if (integer < 0n) throw site.error('a number below 0 is not a uint')
  return integer
}

function doubleOf(value: unknown, site: Site): number {
  const double = typeof value === 'bigint' || isRawNumber(value) ? Number(numeralOf(value)) : value
  const read = typeof double === 'string' ? readDouble(double) : double
  if (typeof read === 'number' && Number.isFinite(read)) return read
  throw unexpectedNumber(value, 'a number', site)
}

function numeralOf(value: bigint | { readonly rawJSON: string }): string {
  return typeof value === 'bigint' ? String(value) : value.rawJSON
}

function readDouble(given: string): number | undefined {
  return given.length <= LONGEST && DECIMAL.test(given) ? Number(given) : undefined
}

function boolOf(value: unknown, site: Site): boolean {
  if (typeof value === 'boolean') return value
  const truth =
    typeof value === 'string' && Object.hasOwn(TRUTHS, value) ? TRUTHS[value] : undefined
  if (truth !== undefined) return truth
  throw unexpectedNumber(value, 'true or false', site)
}

function bytesOf(value: unknown, { frame, site }: At): Uint8Array {
  if (value instanceof Uint8Array) return value
  const given = text(value, site)
  spend(frame, given.length, site)
  return Buffer.from(given)
}

/** A text of the right kind may still hold something else: `int("a")`. */
function unexpectedNumber(value: unknown, due: string, site: Site): Error {
  return typeof value === 'string'
    ? site.error(`the text is not ${due}`)
    : unexpected(value, due, site)
}

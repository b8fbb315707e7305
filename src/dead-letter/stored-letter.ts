import { hash } from 'node:crypto'
import { isObject } from '../lib/json/is-object.ts'
import { parseRanges } from '../lib/ranges.ts'
import type { DeadLetter } from '../model/dead-letter.ts'

/**
 * A letter as it is read from the store. Its reason may be one of a later version, and a letter
 * that was stored without its content has neither `event` nor `data`.
 */
export type StoredLetter = Omit<DeadLetter, 'reason'> & { readonly reason: string }

type Fields = Readonly<Record<string, unknown>>

/** The largest number of a line, an ordinal or a child. */
const MOST = 999_999_999

/** Reads a letter from its line in a file; `undefined` when the text is no letter. */
export function readLetter(text: string): StoredLetter | undefined {
  return letterIn(parse(text))
}

/** Returns a value as the letter that it is; `undefined` when it is none. */
export function letterIn(value: unknown): StoredLetter | undefined {
  return isLetter(value) ? value : undefined
}

/** The fields that tell letters apart. A letter that several instances stored has one identity. */
export interface LetterIdentity {
  readonly subscription: string
  readonly id: string
  readonly replays: number
  /** A digest of what is sent again. */
  readonly content: string
}

/**
 * Returns the identity of a letter. An id is unique in a topic only, and kept when a letter fails
 * again. Emulators, curl samples and pushes made by hand reuse message ids for other events.
 */
export function identityOf(letter: StoredLetter): LetterIdentity {
  const { id, replays, message } = letter
  return { subscription: message.subscription, id, replays, content: contentDigest(letter) }
}

/** Returns an identity as one text. */
export function keyOfIdentity({ subscription, id, replays, content }: LetterIdentity): string {
  return JSON.stringify([subscription, id, replays, content])
}

/** Returns the identity of a letter as one text. */
export function keyOfLetter(letter: StoredLetter): string {
  return keyOfIdentity(identityOf(letter))
}

/** The publish time is left out, as a redelivery may have another one. */
function contentDigest({ event, data, stage, lines, ordinal, message }: StoredLetter): string {
  const form = event === undefined ? 'data' : 'event'
  // Equal attributes may come in any order.
  const names = Object.keys(message.attributes).sort()
  const attributes = names.map((name) => [name, message.attributes[name]])
  const place = JSON.stringify([form, stage, lines ?? '', ordinal ?? 1, attributes])
  return hash('sha256', `${place}${event ?? data ?? ''}`, 'base64url')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isLetter(letter: unknown): letter is StoredLetter {
  if (!isObject(letter) || !isObject(letter.message)) return false
  return (
    hasTexts(letter, ['id', 'deadLetteredAt', 'reason', 'detail']) &&
    (letter.stage === 'published' || letter.stage === 'mapped') &&
    !Number.isNaN(Date.parse(String(letter.deadLetteredAt))) &&
    hasOptionalTexts(letter, ['field', 'event', 'data', 'lines', 'insertId']) &&
    isCount(letter.line) &&
    isCount(letter.replays) &&
    hasPlace(letter) &&
    hasRanges(letter) &&
    isMessage(letter.message)
  )
}

function isMessage(message: Fields): boolean {
  const { attributes, deliveryAttempt = 0 } = message
  if (!hasTexts(message, ['messageId', 'subscription'])) return false
  if (!hasOptionalTexts(message, ['publishTime', 'orderingKey'])) return false
  if (typeof deliveryAttempt !== 'number' || !isObject(attributes)) return false
  return Object.values(attributes).every((value) => typeof value === 'string')
}

/** Whether the ordinal, the child, the number of children and the time are what they may be. */
function hasPlace({ ordinal = 1, child, children, events = 1, time = 0 }: Fields): boolean {
  if (!isCount(ordinal) || ordinal === 0 || !isCount(events) || !Number.isFinite(time)) return false
  if (child === undefined && children === undefined) return true
  return isCount(child) && isCount(children) && child > 0 && child <= children
}

function hasRanges({ lines }: Fields): boolean {
  return typeof lines !== 'string' || parseRanges(lines) !== undefined
}

function hasTexts(fields: Fields, names: readonly string[]): boolean {
  return names.every((name) => typeof fields[name] === 'string')
}

function hasOptionalTexts(fields: Fields, names: readonly string[]): boolean {
  return names.every((name) => fields[name] === undefined || typeof fields[name] === 'string')
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST
}

import { BAD_ID } from '../lib/bad-id.ts'
import { hashId } from '../lib/digest.ts'
import { type ParsedEvent, propertyText, withProperties } from '../lib/json/text.ts'
import { createOrdinals } from '../lib/ordinals.ts'
import type { Candidate } from '../model/event.ts'
import type { Message, Replay } from '../model/message.ts'
import { childIdOf } from './child-ids.ts'
import type { EventTime } from './event-time.ts'

/** An event that has no usable insert id of its own. */
export interface UnnamedEvent {
  readonly candidate: Candidate
  readonly event: ParsedEvent
  readonly time: EventTime
}

/**
 * A derived insert id. `ordinal` is the event's place among its equals, when the id depends on it.
 */
export interface DerivedId {
  readonly id: string
  readonly ordinal?: number
}

/**
 * Makes the insert ids of one message's events. It is called once for each event, in the order of
 * the message.
 */
export type DeriveId = (unnamed: UnnamedEvent) => DerivedId

const DIGITS = /^\d+$/
const LONGEST_INSERT_ID = 36
const LEGAL_INSERT_ID = new RegExp(`^[A-Za-z0-9-]{1,${LONGEST_INSERT_ID}}$`)

/**
 * Returns the event's own `$insert_id`, hashed when Mixpanel would not accept it as it is;
 * `undefined` when it has none, or a placeholder.
 */
export function ownIdOf(given: unknown, eventText: string): string | undefined {
  if (given === undefined || given === null || given === '') return undefined
  const id = typeof given === 'string' ? given : textIn(eventText)
  if (id === '' || BAD_ID.test(id)) return undefined
  return isLegalInsertId(id) ? id : hashId(['own', id])
}

/**
 * Returns the raw text of an insert id that is no string, because a large number has lost its last
 * digits as a value.
 */
function textIn(eventText: string): string {
  return propertyText(eventText, '$insert_id') ?? ''
}

/** Whether an insert id has a form that Mixpanel accepts. A bad id may have one, too. */
export function isLegalInsertId(id: string): boolean {
  return LEGAL_INSERT_ID.test(id)
}

/** Whether Mixpanel accepts an insert id as it is. */
function isUsableInsertId(id: string): boolean {
  return isLegalInsertId(id) && !BAD_ID.test(id)
}

/**
 * Derives ids from the message id and the line: the same at each delivery, and readable when the
 * message id is Pub/Sub's.
 */
export function idsOfMessage(message: Message): DeriveId {
  const { messageId } = message
  const isPubSubs = DIGITS.test(messageId)

  return function deriveId({ candidate: { line, child } }) {
    const letters = message.replay && idOfLetter(message, message.replay, child)
    if (letters !== undefined) return { id: letters }
    const readable = `${messageId}-${line.number}`
    const isReadable = isPubSubs && readable.length <= LONGEST_INSERT_ID
    const id = isReadable ? readable : hashId(['message', messageId, line.number])
    return { id: child > 1 ? childIdOf(id, child) : id }
  }
}

/**
 * Derives ids from a hash of the event as it is sent, before its id is put in, and of its ordinal
 * among the equal events of the message. The hash leaves out times that may differ between
 * deliveries: an event without a time of its own has the id of `idsOfMessage`, and an event whose
 * clock is fast is hashed with its own time.
 */
export function idsOfContent(message: Message): DeriveId {
  const ofMessage = idsOfMessage(message)
  const nextOrdinal = createOrdinals()

  return function deriveId(unnamed) {
    const { child } = unnamed.candidate
    if (unnamed.time.ownMs === undefined) return ofMessage(unnamed)
    const text = textWithOwnTime(unnamed)
    const ordinal = nextOrdinal(text)
    const letter = message.replay && idOfLetter(message, message.replay, child)
    if (letter !== undefined) return { id: letter, ordinal }
    const place = findPlace(message, child) ?? [ordinal, ...handMadeOf(message)]
    return { id: hashId(['content', text, ...place]), ordinal }
  }
}

function textWithOwnTime({ candidate, event, time }: UnnamedEvent): string {
  if (time.kind === 'kept') return candidate.text
  return withProperties(candidate.text, event, { time: String(time.ownMs) })
}

/** Returns the id that a replayed event had when its letter was written. */
function idOfLetter({ messageId }: Message, replay: Replay, child: number): string | undefined {
  const id = replay.insertId
  if (replay.line === 0 || id === undefined || !isUsableInsertId(id)) return undefined
  return isLettersChild(childIn(replay, messageId), child) ? id : undefined
}

/**
 * Returns parts that tell a replayed event without an id from its equals, which have letters of
 * their own: they stand on other lines, or are other children. The ordinal cannot tell them apart,
 * because it depends on which of them were rejected. Returns `undefined` for an event whose letter
 * does not know its place.
 */
function findPlace(
  { messageId, replay }: Message,
  child: number,
): readonly (string | number)[] | undefined {
  // The letter of a whole message holds all its events.
  if (!replay || replay.line === 0) return undefined
  const letters = childIn(replay, messageId)
  // The siblings that the letter knew have letters of their own, or were imported under their usual
  // ids.
  const isKnown = letters > 0 && child <= (replay.child?.of ?? Number.POSITIVE_INFINITY)
  if (isKnown && !isLettersChild(letters, child)) return undefined
  return ['place', replay.line, Math.max(1, child)]
}

/**
 * Returns a part that tells lines apart when one letter was split by hand: their ids include the
 * letter's id.
 */
function handMadeOf({ messageId, replay }: Message): readonly string[] {
  return replay?.line === 0 && messageId === replay.id ? [messageId] : []
}

function isLettersChild(letters: number, child: number): boolean {
  return letters === child || (letters === 0 && child === 1) || (letters === 1 && child === 0)
}

/** Returns the place of the letter's child in its line, as its id says; 0 for a single event. */
function childIn({ id, line }: Replay, messageId: string): number {
  const stem = `${messageId}-${line}-`
  return id.startsWith(stem) ? Number(id.slice(stem.length)) : 0
}

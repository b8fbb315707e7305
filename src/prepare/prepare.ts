import { BAD_ID } from '../lib/bad-id.ts'
import { isObject } from '../lib/json/is-object.ts'
import { type ParsedEvent, withProperties } from '../lib/json/text.ts'
import type { Candidate, PreparedEvent } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { type Rejected, rejected } from '../model/outcome.ts'
import { type ClaimId, createClaims } from './child-ids.ts'
import { eventTimeOf } from './event-time.ts'
import { type DeriveId, idsOfContent, idsOfMessage, ownIdOf } from './insert-id.ts'

export interface PrepareOptions {
  /** The source of the insert ids for events without a usable one of their own. */
  readonly insertId: 'message' | 'content'
}

/**
 * Makes each event of a message acceptable to Mixpanel, or rejects it. It depends on the message
 * alone, and must be given all candidates of the message one by one, in order.
 */
export type Prepare = (message: Message) => PrepareEvent

export type PrepareEvent = (candidate: Candidate) => PreparedEvent | Rejected

/**
 * The size that an event must stay below: 1 MB
 * (https://developer.mixpanel.com/reference/import-events).
 */
const TOO_LARGE_BYTES = 1_048_576

/**
 * The length from which a text is too large without a closer look. An id and a time cannot make it
 * small enough, and setting them would take long.
 */
const NEVER_SMALL_LENGTH = 2 * TOO_LARGE_BYTES

const IDENTITY_VERBS = ['$identify', '$create_alias', '$merge']

const BAD_DISTINCT_ID = rejected(
  'invalid_event',
  'the distinct id is a placeholder that Mixpanel refuses',
  'properties.distinct_id',
)

/**
 * Makes a `Prepare` that rejects only events that Mixpanel is certain to refuse. Mixpanel decides
 * on the others.
 */
export function createPrepare({ insertId }: PrepareOptions): Prepare {
  const idsOf = insertId === 'message' ? idsOfMessage : idsOfContent

  return function prepare(message) {
    const deriveId = idsOf(message)
    let claimId: ClaimId | undefined
    return (candidate) => {
      if (candidate.child === 0) return prepareEvent(candidate, message, { deriveId })
      claimId ??= createClaims()
      return prepareEvent(candidate, message, { deriveId, claimId })
    }
  }
}

interface IdsOfMessage {
  readonly deriveId: DeriveId
  /** Present for a child. A single event has no sibling with the same id. */
  readonly claimId?: ClaimId
}

function prepareEvent(
  candidate: Candidate,
  { publishedAt }: Message,
  { deriveId, claimId }: IdsOfMessage,
): PreparedEvent | Rejected {
  const event = candidate.value
  const givenId =
    isObject(event) && isObject(event.properties) ? event.properties.$insert_id : undefined
  const ownId = ownIdOf(givenId, candidate.text)
  // The id is claimed before anything is rejected: once the event is corrected, its id must be
  // free.
  const claimedId = ownId === undefined ? undefined : (claimId?.(candidate, ownId) ?? ownId)
  if (!isEvent(event)) return faultOf(event)
  const { distinct_id: distinctId, time: givenTime } = event.properties
  if (typeof distinctId === 'string' && BAD_ID.test(distinctId)) return BAD_DISTINCT_ID
  const time = eventTimeOf(givenTime, publishedAt)
  if (time.kind === 'rejected') return time
  if (candidate.text.length >= NEVER_SMALL_LENGTH) return tooLarge(candidate.text)
  const derived = claimedId === undefined ? deriveId({ candidate, event, time }) : undefined
  const derivedId = derived?.id ?? ''
  const insertId = claimedId ?? claimId?.(candidate, derivedId) ?? derivedId

  const changes: Record<string, string> = {}
  if (time.kind === 'set') changes.time = String(time.ms)
  // No insert id has a character that JSON escapes: letters, digits and hyphens.
  if (insertId !== givenId) changes.$insert_id = `"${insertId}"`
  const text = withProperties(candidate.text, event, changes)
  const bytes = Buffer.byteLength(text)
  if (bytes >= TOO_LARGE_BYTES) return tooLarge(text)
  const identityVerb = IDENTITY_VERBS.includes(event.event)
  const ordinal = derived?.ordinal
  const prepared = { kind: 'prepared', text, bytes, insertId, time: time.ms, identityVerb } as const
  return ordinal === undefined ? prepared : { ...prepared, ordinal }
}

function tooLarge(text: string): Rejected {
  return rejected('too_large', `the event has ${Buffer.byteLength(text)} bytes`)
}

function isEvent(value: unknown): value is ParsedEvent {
  if (!isObject(value)) return false
  return typeof value.event === 'string' && value.event !== '' && isObject(value.properties)
}

function faultOf(value: unknown): Rejected {
  if (!isObject(value)) return rejected('invalid_event', 'the event is not a JSON object')
  if (typeof value.event !== 'string' || value.event === '') {
    return rejected('invalid_event', 'the event has no name', 'event')
  }
  return rejected('invalid_event', 'the properties are not a JSON object', 'properties')
}

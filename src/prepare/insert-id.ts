import { isBadId } from '../lib/bad-id.ts'
import { hashId } from '../lib/digest.ts'
import { propertyText } from '../lib/json/text.ts'
import type { Candidate } from '../model/event.ts'

const LEGAL_INSERT_ID = /^[A-Za-z0-9-]{1,36}$/

/**
 * Returns the event's own `$insert_id`, hashed when Mixpanel would not accept it as it is;
 * `undefined` when it has none, or a placeholder.
 */
export function ownIdOf(given: unknown, eventText: string): string | undefined {
  if (given === undefined || given === null || given === '') return undefined
  const id = typeof given === 'string' ? given : textIn(eventText)
  if (id === '' || isBadId(id)) return undefined
  return isLegalInsertId(id) ? id : hashId(['own', id])
}

/**
 * Returns the id of a child of a line whose only event would have `id`. The first child has the
 * same id: when a transform that made several events of a line is changed to make one, that event
 * must not get a new id.
 */
export function childIdOf(id: string, child: number): string {
  return child <= 1 ? id : hashId(['child', id, child])
}

/**
 * Returns the id for a candidate: the given one, unless an earlier child of its line has it. A
 * transform may copy the `$insert_id` of its input into all events that it makes.
 */
export type ClaimId = (candidate: Pick<Candidate, 'line' | 'child'>, id: string) => string

/**
 * Makes a function that keeps the ids of the children of each line apart. It is called in the order
 * of the message.
 */
export function createClaims(): ClaimId {
  const claimed = new Set<string>()
  let lineNumber = 0

  return function claimId({ line, child }, own) {
    if (child === 0) return own
    if (line.number !== lineNumber) claimed.clear()
    lineNumber = line.number
    let id = own
    while (claimed.has(id)) id = childIdOf(id, child)
    claimed.add(id)
    return id
  }
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
export function isUsableInsertId(id: string): boolean {
  return isLegalInsertId(id) && !isBadId(id)
}

import { hashId } from '../lib/digest.ts'
import { propertyText } from '../lib/json/text.ts'
import type { Candidate } from '../model/event.ts'
import { isBadId, isLegalInsertId } from './mixpanel-ids.ts'

/**
 * Returns the event's own `$insert_id`, hashed when Mixpanel would not accept it as it is;
 * `undefined` when it has none, or a placeholder.
 */
export function ownIdOf(given: unknown, eventText: string): string | undefined {
  const id = textOf(given, eventText)
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
 * Returns the raw text of a value that is no string, because a large number has lost its last
 * digits as a value.
 */
function textOf(given: unknown, eventText: string): string {
  if (typeof given === 'string') return given
  if (given === undefined || given === null) return ''
  return propertyText(eventText, '$insert_id') ?? ''
}

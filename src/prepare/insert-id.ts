import { hashId } from '../lib/digest.ts'
import { propertyText } from '../lib/json/text.ts'
import type { Candidate } from '../model/event.ts'
import { isBadId, isLegalInsertId } from './mixpanel-ids.ts'

/**
 * The id that an event gives itself as `$insert_id`, hashed when Mixpanel would not take it so;
 * `undefined` when it gives none, or a placeholder.
 */
export function ownIdOf(given: unknown, eventText: string): string | undefined {
  const id = textOf(given, eventText)
  if (id === '' || isBadId(id)) return undefined
  return isLegalInsertId(id) ? id : hashId(['own', id])
}

/**
 * The id of a child of a line whose only event would have `id`. The first child has the same: a
 * transform that is mended and makes one event where it made several must not make it anew.
 */
export function childIdOf(id: string, child: number): string {
  return child <= 1 ? id : hashId(['child', id, child])
}

/**
 * The id a candidate gets, given the one that it would have for itself: that one, unless an earlier
 * child of its line has it. A transform copies the `$insert_id` of its input into all that it makes.
 */
export type ClaimId = (candidate: Pick<Candidate, 'line' | 'child'>, id: string) => string

/** Keeps the ids of the children of each line apart; called in the order of the message. */
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

/** The raw text of what is no string: as a value, a large number has lost its last digits. */
function textOf(given: unknown, eventText: string): string {
  if (typeof given === 'string') return given
  if (given === undefined || given === null) return ''
  return propertyText(eventText, '$insert_id') ?? ''
}

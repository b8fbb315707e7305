import { hashId } from '../lib/digest.ts'
import type { Candidate } from '../model/event.ts'

/**
 * Returns the id of a later child of a line whose only event would have `id`. The first child has
 * that id itself: when a transform that made several events of a line is changed to make one, that
 * event must not get a new id.
 */
export function childIdOf(id: string, child: number): string {
  return hashId(['child', id, child])
}

/**
 * Returns the id for a child: the given one, unless an earlier child of its line has it. A
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
    if (line.number !== lineNumber) claimed.clear()
    lineNumber = line.number
    let id = own
    while (claimed.has(id)) id = childIdOf(id, child)
    claimed.add(id)
    return id
  }
}

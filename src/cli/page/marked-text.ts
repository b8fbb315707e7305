import { isObject } from '../../lib/json/is-object.ts'
import { findMembers, type Span, skipSpace } from '../../lib/json/scan.ts'
import { propertyText } from '../../lib/json/text.ts'

/** A piece of an event's text. */
export interface Piece {
  readonly text: string
  /** Whether the service wrote it: the event came with another value, or with none. */
  readonly isChanged?: true
}

/** The properties that the service may write. */
const WRITTEN = ['time', '$insert_id'] as const
const MOST_LENGTH = 8_000

/**
 * Cuts the text of an event that was sent into pieces, so that the values show that the service
 * wrote. `given` is the text before that; without it, nothing is known to be changed.
 */
export function markChanges(sent: string, given: string | undefined): readonly Piece[] {
  if (sent.length > MOST_LENGTH) return [{ text: `${sent.slice(0, MOST_LENGTH)}…` }]
  const spans = given === undefined ? [] : changedSpans(sent, given)
  const pieces: Piece[] = []
  let at = 0
  for (const { start, end } of spans) {
    pieces.push({ text: sent.slice(at, start) }, { text: sent.slice(start, end), isChanged: true })
    at = end
  }
  return [...pieces, { text: sent.slice(at) }]
}

function changedSpans(sent: string, given: string): readonly Span[] {
  if (!isEventText(sent)) return []
  const { values } = findMembers(sent, skipSpace(sent, 0), ['properties'])
  const properties = values.get('properties')
  if (properties === undefined) return []
  const members = findMembers(sent, properties.start, WRITTEN).values
  const isGivenEvent = isEventText(given)
  return [...members]
    .filter(([name, { start, end }]) => {
      return !isGivenEvent || propertyText(given, name) !== sent.slice(start, end)
    })
    .map(([, span]) => span)
    .toSorted((one, other) => one.start - other.start)
}

/** Whether a text is an object of JSON with an object `properties`: the scanner reads no other. */
function isEventText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && isObject(value.properties)
  } catch {
    return false
  }
}

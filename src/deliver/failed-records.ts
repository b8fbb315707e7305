import { isObject } from '../lib/json/is-object.ts'
import { type Rejected, rejected } from '../model/outcome.ts'
import { textIn } from './answer.ts'

/** An event that a record may name by its insert id. */
export interface NamedEvent {
  readonly insertId: string
}

/** Returns the place of an event in the batch by its insert id. */
type PlaceOfId = (insertId: string) => number | undefined

/** The text for a record, or an answer, that gives none. */
export const NO_TEXT = 'no reason given'

/**
 * Finds the events that the `failed_records` of an answer name, by their place in the batch. A
 * record names one by index, else by insert id, which the documents call by two names. A record
 * that names none, or one that was named before, is left out. The time is in proportion to records
 * and events.
 */
export function listedIn(
  records: readonly unknown[],
  sent: readonly NamedEvent[],
): ReadonlyMap<number, Rejected> {
  const listed = new Map<number, Rejected>()
  const placeOfId = createPlaceOfId(sent)
  for (const record of records) {
    if (!isObject(record)) continue
    const place = placeOf(record, sent, placeOfId)
    if (place !== undefined && !listed.has(place)) listed.set(place, rejectionIn(record))
  }
  return listed
}

function placeOf(
  record: Record<string, unknown>,
  sent: readonly NamedEvent[],
  placeOfId: PlaceOfId,
): number | undefined {
  const { index } = record
  if (typeof index === 'number') return Number.isInteger(index) && index in sent ? index : undefined
  const insertId = record.insert_id ?? record.$insert_id
  return typeof insertId === 'string' ? placeOfId(insertId) : undefined
}

/**
 * Makes a `PlaceOfId`. It reads the insert ids at the first call only, because most answers give
 * indexes.
 */
function createPlaceOfId(sent: readonly NamedEvent[]): PlaceOfId {
  let places: ReadonlyMap<string, number | undefined> | undefined
  return (insertId) => {
    places ??= placesIn(sent)
    return places.get(insertId)
  }
}

/** Returns the places by insert id. An insert id that two events have names neither. */
function placesIn(sent: readonly NamedEvent[]): ReadonlyMap<string, number | undefined> {
  const places = new Map<string, number | undefined>()
  for (const [place, { insertId }] of sent.entries()) {
    places.set(insertId, places.has(insertId) ? undefined : place)
  }
  return places
}

function rejectionIn(record: Record<string, unknown>): Rejected {
  const detail = textIn(record.message) ?? NO_TEXT
  return rejected('refused_by_mixpanel', detail, textIn(record.field))
}

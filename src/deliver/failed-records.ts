import { type Rejected, rejected } from '../model/outcome.ts'
import { isObject } from './answer.ts'

/**
 * The events that the `failed_records` of an answer name, by their place in the batch: by index,
 * else by insert id, which the documents call by two names. A record that names none, or one that
 * was named before, is left out.
 */
export function listedIn(
  records: readonly unknown[],
  sent: readonly { readonly insertId: string }[],
): ReadonlyMap<number, Rejected> {
  const listed = new Map<number, Rejected>()
  for (const record of records) {
    if (!isObject(record)) continue
    const place = placeOf(record, sent)
    if (place !== undefined && !listed.has(place)) listed.set(place, rejectionIn(record))
  }
  return listed
}

function placeOf(
  record: Record<string, unknown>,
  sent: readonly { readonly insertId: string }[],
): number | undefined {
  const { index } = record
  if (typeof index === 'number') return Number.isInteger(index) && index in sent ? index : undefined
  const insertId = record.insert_id ?? record.$insert_id
  const places = sent.flatMap((event, place) => (event.insertId === insertId ? [place] : []))
  return places.length === 1 ? places[0] : undefined
}

function rejectionIn(record: Record<string, unknown>): Rejected {
  const message = typeof record.message === 'string' ? record.message : 'no reason given'
  const field = typeof record.field === 'string' ? record.field : undefined
  return rejected('refused_by_mixpanel', message, field)
}

import { isMissing, resolvedDistinctId, sentDistinctId } from './id-rules.ts'
import { isObject, type JsonObject } from './record.ts'
import type { Location, Row } from './row-store.ts'
import type { Switches } from './switches.ts'
import { storedTime } from './time-rules.ts'

const MAX_LENGTH = 255
/** Half of a surrogate pair. */
const SURROGATE = /[\ud800-\udfff]/
const PLACE_NAMES = ['$city', '$region', 'mp_country_code', '$latitude', '$longitude'] as const

/** A record that keeps the rules, its text, its request's `ip=0`, and its time of arrival. */
export interface AcceptedRecord {
  readonly value: JsonObject
  readonly raw: string
  readonly switches: Switches
  /** Whether the query of its request says `ip=0`. */
  readonly unplaced: boolean
  /** Epoch ms. */
  readonly now: number
  /** Returns an insert id for an event without one. */
  readonly generateId: () => string
}

/** Makes the row of an accepted record: cuts strings silently, resolves ids, finds its place. */
export function storedRow(record: AcceptedRecord): Row {
  const { value, raw, switches, now } = record
  const properties = isObject(value.properties) ? value.properties : {}
  const { $insert_id } = properties
  return {
    event: cutText(String(value.event)),
    distinctId: resolvedDistinctId(properties, switches),
    sentDistinctId: sentDistinctId(properties),
    insertId: isMissing($insert_id) ? record.generateId() : String($insert_id),
    time: storedTime(properties.time, now, switches),
    properties: withoutIp(cutObject(properties, switches)),
    location: locationOf(properties, record),
    raw,
    receivedAt: now,
  }
}

/** Whether an accepted record is dropped in silence, for `$ignore` or by a filter. */
export function isIgnored({ event, properties }: JsonObject, { dropFilter }: Switches): boolean {
  return event === dropFilter || (isObject(properties) && Boolean(properties.$ignore))
}

/** Its own place wins, then the property `ip` (0: nowhere), then the request's (geolocation). */
function locationOf(properties: JsonObject, { unplaced, switches }: AcceptedRecord): Location {
  if (PLACE_NAMES.some((name) => name in properties)) return 'own'
  const { ip } = properties
  if (ip !== undefined && ip !== null && ip !== '') return String(ip) === '0' ? 'none' : 'ip'
  return unplaced && switches.ipParameter === 'honoured' ? 'none' : 'request'
}

/** Mixpanel turns `ip` into a place and discards it (geolocation). */
function withoutIp(properties: JsonObject): JsonObject {
  if (!('ip' in properties)) return properties
  const { ip: _, ...rest } = properties
  return rest
}

/** Returns the same object when no string in it is too long, which is the usual case. */
function cutObject(object: JsonObject, switches: Switches): JsonObject {
  if (!holdsLong(object)) return object
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [cutText(name), cutValue(value, switches)]),
  )
}

function cutValue(value: unknown, switches: Switches): unknown {
  if (typeof value === 'string') {
    return switches.valueCut === 'characters' ? cutText(value) : cutToBytes(value)
  }
  if (Array.isArray(value)) return value.map((element) => cutValue(element, switches))
  return isObject(value) ? cutObject(value, switches) : value
}

function cutText(text: string): string {
  if (text.length <= MAX_LENGTH) return text
  if (!SURROGATE.test(text)) return text.slice(0, MAX_LENGTH)
  return Array.from(text.slice(0, MAX_LENGTH * 2))
    .slice(0, MAX_LENGTH)
    .join('')
}

/** Leaves out a character that does not fit whole. */
function cutToBytes(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(MAX_LENGTH))
  return text.slice(0, read)
}

/** Whether a string may have to be cut: it has at most three bytes for each unit of length. */
function holdsLong(value: unknown): boolean {
  if (typeof value === 'string') return value.length * 3 > MAX_LENGTH
  if (Array.isArray(value)) return value.some(holdsLong)
  if (!isObject(value)) return false
  for (const name in value) {
    if (name.length > MAX_LENGTH || holdsLong(value[name])) return true
  }
  return false
}

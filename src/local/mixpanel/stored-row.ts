import { resolvedDistinctId } from './id-rules.ts'
import { type IdManagement, isObject, type JsonObject } from './record.ts'
import type { Row } from './row-store.ts'
import { storedTime } from './time-rules.ts'

const MAX_CHARACTERS = 255

/** A record that keeps the rules, its text, and where and when it arrived. */
export interface AcceptedRecord {
  readonly value: JsonObject
  readonly raw: string
  readonly idManagement: IdManagement
  /** Epoch ms. */
  readonly now: number
}

/** What becomes of an accepted record: strings cut silently, ids resolved, no time to come. */
export function storedRow({ value, raw, idManagement, now }: AcceptedRecord): Row {
  const properties = isObject(value.properties) ? value.properties : {}
  return {
    event: cutText(String(value.event)),
    distinctId: resolvedDistinctId(properties, idManagement),
    insertId: String(properties.$insert_id),
    time: storedTime(properties.time, now),
    properties: cutObject(properties),
    raw,
    receivedAt: now,
  }
}

/** Whether Mixpanel drops the record without a word, for a truthy `$ignore`. */
export function isIgnored({ properties }: JsonObject): boolean {
  return isObject(properties) && Boolean(properties.$ignore)
}

function cutObject(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [cutText(name), cutValue(value)]),
  )
}

function cutValue(value: unknown): unknown {
  if (typeof value === 'string') return cutText(value)
  if (Array.isArray(value)) return value.map(cutValue)
  return isObject(value) ? cutObject(value) : value
}

function cutText(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text
  return Array.from(text).slice(0, MAX_CHARACTERS).join('')
}

import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { isObject } from '../../lib/json/is-object.ts'
import { type ParsedEvent, withProperties } from '../../lib/json/text.ts'
import { momentOf } from '../../lib/moment.ts'
import type { Candidate } from '../../model/event.ts'

type Properties = ParsedEvent['properties']

/**
 * Gives an event the insert id and the time that its letter names. `before` are the properties that
 * it had without the fix: a value that the fix has changed stays.
 */
export function withLettersNames(
  candidate: Candidate,
  { insertId, time }: Pick<StoredLetter, 'insertId' | 'time'>,
  before: Properties | undefined,
): Candidate {
  const event = candidate.value
  if (!isEvent(event) || insertId === undefined || time === undefined) return candidate
  const { properties } = event
  const isKept = (name: string) => before === undefined || isSame(before[name], properties[name])
  const changes: Record<string, string> = {}
  if (properties.$insert_id !== insertId && isKept('$insert_id')) changes.$insert_id = insertId
  // As a number, a time before March 1973 would be read as seconds.
  if (momentOf(properties.time) !== time && isKept('time')) changes.time = isoOf(time)
  const texts = Object.entries(changes).map(([name, value]) => [name, JSON.stringify(value)])
  return {
    ...candidate,
    text: withProperties(candidate.text, event, Object.fromEntries(texts)),
    value: { ...event, properties: { ...properties, ...changes } },
  }
}

/** Returns the properties of an event; empty when the value is none. */
export function propertiesOf(value: unknown): Properties {
  return isEvent(value) ? value.properties : {}
}

function isEvent(value: unknown): value is ParsedEvent {
  if (!isObject(value)) return false
  return typeof value.event === 'string' && isObject(value.properties)
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function isoOf(time: number): string {
  return new Date(time).toISOString()
}

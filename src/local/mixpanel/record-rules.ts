import { distinctIdFault, insertIdFault, mergedIdFault } from './id-rules.ts'
import {
  isObject,
  makeFault,
  type PropertyRule,
  type ReceivedRecord,
  type RecordFault,
} from './record.ts'
import { countFault, encodingFault, isGarbled, nestingFault, propertyFault } from './shape-rules.ts'
import { timeFault } from './time-rules.ts'

/** The smallest size that is too large. "10MB" has been seen to mean 10 MiB, so "1MB" is 1 MiB. */
export const EVENT_MAX_BYTES = 1024 * 1024

const PROPERTY_RULES: readonly PropertyRule[] = [
  timeFault,
  distinctIdFault,
  mergedIdFault,
  insertIdFault,
  countFault,
  // Before the next, which walks down as far as the nesting goes.
  nestingFault,
  propertyFault,
  encodingFault,
]

/**
 * The first rule a record breaks under `strict=1`; `undefined` when it keeps them all. The message
 * is ours where Mixpanel's own is not known: clients must not read messages.
 */
export function recordFault(record: ReceivedRecord): RecordFault | undefined {
  const { event, properties } = record.value
  if (typeof event !== 'string' || event.trim() === '') {
    return { field: 'event', message: "'event' must not be missing or blank" }
  }
  if (isGarbled(event, record)) return makeFault('event', 'string should be valid utf8')
  if (!isObject(properties)) return makeFault('properties', 'must be an object')
  const other = otherField(record)
  if (other !== undefined) return makeFault(other, 'must not be there')
  if (record.bytes >= EVENT_MAX_BYTES) return makeFault('event', 'must be smaller than 1MB')

  for (const rule of PROPERTY_RULES) {
    const fault = rule(properties, record)
    if (fault !== undefined) return fault
  }
  return undefined
}

function otherField({ value, switches }: ReceivedRecord): string | undefined {
  if (switches.otherFields === 'ignored') return undefined
  return Object.keys(value).find((name) => name !== 'event' && name !== 'properties')
}

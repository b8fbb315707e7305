import { type JsonObject, makeFault, type PropertyRule } from './record.ts'
import type { Switches } from './switches.ts'

const INSERT_ID_MAX_BYTES = 36
const INSERT_ID_CHARACTERS = /^[A-Za-z0-9-]+$/
const DEVICE_PREFIX = '$device:'
const MERGED_IDS = ['$user_id', '$device_id'] as const
const HASH_OF_REQUEST_IP = 'hash-of-the-request-ip'

/** Ids that Mixpanel takes for a mistake (reference/import-events). */
const PLACEHOLDER_IDS: ReadonlySet<string> = new Set([
  '00000000-0000-0000-0000-000000000000',
  'anon',
  'anonymous',
  'nil',
  'none',
  'null',
  'n/a',
  'na',
  'undefined',
  'unknown',
  '<nil>',
  '0',
  '-1',
  'true',
  'false',
  '[]',
  '{}',
])

/** Checks the distinct id. `""` is a distinct id: that of an event without a user. */
export const distinctIdFault: PropertyRule = (properties, record) => {
  const { distinct_id } = properties
  const { strict, switches } = record
  if (distinct_id === undefined || distinct_id === null) {
    if (!strict || mergedId(properties, switches) !== undefined) return undefined
    return makeFault('properties.distinct_id', 'must not be missing')
  }
  if (isPlaceholder(textOf(distinct_id), switches)) {
    return makeFault('properties.distinct_id', 'must not be a placeholder id')
  }
  if (typeof distinct_id !== 'number' || switches.numericDistinctId === 'accepted') return undefined
  return makeFault('properties.distinct_id', 'must be a string')
}

export const insertIdFault: PropertyRule = ({ $insert_id }, { switches }) => {
  const complaint = insertIdComplaint($insert_id, switches)
  return complaint === undefined ? undefined : makeFault(switches.insertIdField, complaint)
}

export const mergedIdFault: PropertyRule = (properties, { switches }) => {
  if (switches.badIdsOn === 'distinct_and_insert_id') return undefined
  const bad = MERGED_IDS.find((name) => isPlaceholder(textOf(properties[name]), switches))
  return bad && makeFault(`properties.${bad}`, 'must not be a placeholder id')
}

/**
 * The distinct id under which a project stores an event that keeps the rules. An event without any
 * id gets a hash of the sender's address, as do all events from that address.
 */
export function resolvedDistinctId(properties: JsonObject, switches: Switches): string {
  return mergedId(properties, switches) ?? textOf(properties.distinct_id ?? HASH_OF_REQUEST_IP)
}

/** The distinct id as it was sent; `""` when absent. */
export function sentDistinctId({ distinct_id }: JsonObject): string {
  return textOf(distinct_id)
}

function insertIdComplaint(insertId: unknown, switches: Switches): string | undefined {
  if (isMissing(insertId)) {
    return switches.missingInsertId === 'refused' ? 'must not be missing' : undefined
  }
  if (typeof insertId !== 'string') return 'must be a string'
  if (isPlaceholder(insertId, switches)) return 'must not be a placeholder id'
  if (switches.insertIdRule === 'relaxed') return undefined
  if (!INSERT_ID_CHARACTERS.test(insertId)) {
    return "must only contain alphanumeric or hyphen '-' characters"
  }
  return insertId.length > INSERT_ID_MAX_BYTES ? 'must not be longer than 36 bytes' : undefined
}

/** Whether an event has no insert id. An empty insert id counts as none. */
export function isMissing(insertId: unknown): boolean {
  return insertId === undefined || insertId === null || insertId === ''
}

/** With Simplified ID merge a user id wins over a device id, and either over the distinct id. */
function mergedId(properties: JsonObject, { idManagement }: Switches): string | undefined {
  if (idManagement === 'original') return undefined
  const userId = textOf(properties.$user_id)
  if (userId !== '') return userId
  const deviceId = textOf(properties.$device_id)
  if (deviceId === '') return undefined
  return deviceId.startsWith(DEVICE_PREFIX) ? deviceId : DEVICE_PREFIX + deviceId
}

/** Ids of other types are compared as their JSON: `0`, `true`, `[]` and `{}` are on the list. */
function textOf(id: unknown): string {
  if (id === undefined || id === null) return ''
  return typeof id === 'string' ? id : JSON.stringify(id)
}

function isPlaceholder(id: string, { badIdCase }: Switches): boolean {
  return PLACEHOLDER_IDS.has(badIdCase === 'insensitive' ? id.toLowerCase() : id)
}

import { faultOf, type IdManagement, type JsonObject, type PropertyRule } from './record.ts'

const INSERT_ID_MAX_BYTES = 36
const INSERT_ID_CHARACTERS = /^[A-Za-z0-9-]+$/
const DEVICE_PREFIX = '$device:'

/** Ids that Mixpanel takes for a mistake, in any case of letters (reference/import-events). */
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

/** `""` is a distinct id: that of an event nobody did. */
export const distinctIdFault: PropertyRule = (properties, { idManagement }) => {
  const { distinct_id } = properties
  if (distinct_id === undefined || distinct_id === null) {
    if (mergedId(properties, idManagement) !== undefined) return undefined
    return faultOf('properties.distinct_id', 'must not be missing')
  }
  if (!isPlaceholder(textOf(distinct_id))) return undefined
  return faultOf('properties.distinct_id', 'must not be a placeholder id')
}

export const insertIdFault: PropertyRule = ({ $insert_id }) => {
  const complaint = insertIdComplaint($insert_id)
  return complaint === undefined ? undefined : faultOf('$insert_id', complaint)
}

/** The distinct id under which a project stores an event that keeps the rules. */
export function resolvedDistinctId(properties: JsonObject, idManagement: IdManagement): string {
  return mergedId(properties, idManagement) ?? textOf(properties.distinct_id)
}

function insertIdComplaint(insertId: unknown): string | undefined {
  if (insertId === undefined || insertId === null || insertId === '') return 'must not be missing'
  if (typeof insertId !== 'string') return 'must be a string'
  if (isPlaceholder(insertId)) return 'must not be a placeholder id'
  if (!INSERT_ID_CHARACTERS.test(insertId)) {
    return "must only contain alphanumeric or hyphen '-' characters"
  }
  return insertId.length > INSERT_ID_MAX_BYTES ? 'must not be longer than 36 bytes' : undefined
}

/** With Simplified ID merge a user id wins over a device id, and either over the distinct id. */
function mergedId(properties: JsonObject, idManagement: IdManagement): string | undefined {
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

function isPlaceholder(id: string): boolean {
  return PLACEHOLDER_IDS.has(id.toLowerCase())
}

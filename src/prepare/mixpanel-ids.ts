// What Mixpanel says of ids: https://developer.mixpanel.com/reference/import-events

/** Placeholders it refuses as `distinct_id` and `$insert_id`, in whatever case (observed). */
const BAD_IDS = new Set([
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
const LONGEST_BAD_ID = 36

const LEGAL_INSERT_ID = /^[A-Za-z0-9-]{1,36}$/

export function isBadId(id: string): boolean {
  return id.length <= LONGEST_BAD_ID && BAD_IDS.has(id.toLowerCase())
}

/** Whether an insert id has a shape that Mixpanel takes; a bad id may have one too. */
export function isLegalInsertId(id: string): boolean {
  return LEGAL_INSERT_ID.test(id)
}

/** Whether Mixpanel takes an insert id as it is. */
export function isUsableInsertId(id: string): boolean {
  return isLegalInsertId(id) && !isBadId(id)
}

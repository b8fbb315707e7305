// Mixpanel's rules for ids: https://developer.mixpanel.com/reference/import-events

/**
 * The placeholders that Mixpanel refuses as `distinct_id` and `$insert_id`, in any case (observed).
 */
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

/** Whether an insert id has a form that Mixpanel accepts. A bad id may have one, too. */
export function isLegalInsertId(id: string): boolean {
  return LEGAL_INSERT_ID.test(id)
}

/** Whether Mixpanel accepts an insert id as it is. */
export function isUsableInsertId(id: string): boolean {
  return isLegalInsertId(id) && !isBadId(id)
}

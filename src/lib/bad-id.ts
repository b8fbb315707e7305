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

/** Whether an id is a placeholder. Sources: https://developer.mixpanel.com/reference/import-events. */
export function isBadId(id: string): boolean {
  return id.length <= LONGEST_BAD_ID && BAD_IDS.has(id.toLowerCase())
}

/** The placeholders, as patterns. */
const PLACEHOLDERS = [
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
  '\\[\\]',
  '\\{\\}',
]

/**
 * Matches the placeholders that Mixpanel refuses as `distinct_id` and `$insert_id`, in any case
 * (observed). Sources: https://developer.mixpanel.com/reference/import-events.
 */
export const BAD_ID = new RegExp(`^(?:${PLACEHOLDERS.join('|')})$`, 'i')

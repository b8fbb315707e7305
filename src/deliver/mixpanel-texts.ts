// The texts of errors that name no event, as far as they were observed. They decide only where
// nothing else does, and never that an event is imported.

/** `json decode error at element idx: 9, byte_offset: 99: http: request body too large`. */
export function speaksOfSize(error: string): boolean {
  return error.includes('request body too large')
}

/** `Project exceeded rate limits. Please retry the request with exponential backoff.` */
export function speaksOfRate(error: string): boolean {
  return error.includes('exceeded rate limits')
}

const ACCESS_TEXTS = [
  'credentials',
  'unauthorized',
  'service account',
  'not a project member',
  'project_id',
  'project id',
  'project secret',
  'project token',
]

/** `'properties.project_id' is invalid: …`: said of an event, whatever its properties are called. */
const NAMES_A_FIELD = /^'|^properties\./

/** What a 401 says, under another status: of credentials, or the project they are for. */
export function speaksOfAccess(error: string): boolean {
  if (NAMES_A_FIELD.test(error)) return false
  const text = error.toLowerCase()
  return ACCESS_TEXTS.some((part) => text.includes(part))
}

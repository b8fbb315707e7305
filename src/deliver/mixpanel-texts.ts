// The texts of errors that name no event, as far as they were observed. They decide only where
// nothing else does, and never that an event is imported. A text may quote an event, so a rule that
// would let one event hold up others must have another way out.

/**
 * Whether a text is about the size of the body, as in
 * `json decode error at element idx: 9, byte_offset: 99: http: request body too large`.
 */
export function speaksOfSize(error: string): boolean {
  return withoutQuotes(error).includes('request body too large')
}

/**
 * Whether a text is about the rate, as in
 * `Project exceeded rate limits. Please retry the request with exponential backoff.`
 */
export function speaksOfRate(error: string): boolean {
  return /^\W*(project )?exceeded rate limits\b/i.test(error)
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

/**
 * The text names a field, as in `'properties.project_id' is invalid: …`: it is about an event,
 * whatever its properties are called.
 */
const NAMES_A_FIELD = /^["'`]|^properties\./
/**
 * The text is about decoding, as in `json decode error at element idx: 3 … unknown field
 * "project_id"`: it is about an event, too.
 */
const SPEAKS_OF_DECODING =
  /\bdecod|\bunmarshal|\bpars(e|ing)\b|\bunknown (field|key|propert)|\binvalid (character|json|utf)|\belement idx\b|\bsyntax error\b/i

/**
 * Whether a text has the words of a 401 under another status: about credentials, or the project
 * they are for.
 */
export function speaksOfAccess(error: string): boolean {
  if (isAboutAnEvent(error)) return false
  const text = withoutQuotes(error).toLowerCase()
  return ACCESS_TEXTS.some((part) => text.includes(part))
}

const TEMPORARY =
  /\btemporar(y|ily)\b|\btry again\b|\bretry\b|\btime(d[ -]?|-)?out\b|\bunavailable\b|\binternal (server )?error\b/i

/** Whether a text is like `a temporary failure occurred`: the same request may succeed later. */
export function speaksOfTransience(error: string): boolean {
  return !isAboutAnEvent(error) && TEMPORARY.test(withoutQuotes(error))
}

/**
 * The words in which Mixpanel refuses every identity verb in a project with Simplified ID Merge.
 */
const NO_IDENTITY_EVENTS =
  /^identity events? (is|are) not (allowed|permitted|supported)\b.*\bsimplified\b/i

/**
 * Whether a text refuses identity verbs, as in
 * `identity events are not allowed when project is using simplified identity management`.
 */
export function refusesIdentityVerbs(text: string): boolean {
  return NO_IDENTITY_EVENTS.test(text.trim())
}

function isAboutAnEvent(error: string): boolean {
  return NAMES_A_FIELD.test(error) || SPEAKS_OF_DECODING.test(error)
}

/** Removes the values that an error quotes, because they come from events. */
function withoutQuotes(error: string): string {
  return error.replace(/"[^"]*"|'[^']*'|`[^`]*`/g, ' ')
}

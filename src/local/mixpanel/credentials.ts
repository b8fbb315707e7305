/** The accepted credentials: a project token, a service account, or both. */
export interface StandInCredentials {
  readonly token?: string
  readonly serviceAccount?: { readonly username: string; readonly secret: string }
  readonly projectId?: string
}

export interface PresentedCredentials {
  /** The `Authorization` header as it came. */
  readonly authorization: string | undefined
  /** The query parameter `project_id`. */
  readonly projectId: string | undefined
}

const INVALID_CREDENTIALS = 'Invalid credentials'
const INVALID_SERVICE_ACCOUNT = 'Invalid service account credentials'
const UNKNOWN_SERVICE_ACCOUNT = 'Not a valid service account username'
const NOT_A_MEMBER = 'Service account is not a project member'
const OTHER_PROJECT = 'Credentials in request did not match project_id URL parameter'
const INVALID_PROJECT_SECRET =
  'Unauthorized, invalid project secret. See docs for more information: ' +
  'https://developer.mixpanel.com/reference/authentication#project-secret'

/**
 * Returns the text with which credentials are refused; `undefined` accepts them. The texts are
 * Mixpanel's, except one: of the text for a service account outside the project, only `not a
 * project member` is known (mixpanel/sheets).
 */
export function credentialFault(
  presented: PresentedCredentials,
  accepted: StandInCredentials,
): string | undefined {
  const pair = parseBasicAuth(presented.authorization)
  if (pair === undefined) return INVALID_CREDENTIALS

  const { projectId } = presented
  return pair.secret === ''
    ? tokenFault(pair, projectId, accepted)
    : accountFault(pair, projectId, accepted)
}

interface Pair {
  readonly username: string
  readonly secret: string
}

function tokenFault(
  { username }: Pair,
  projectId: string | undefined,
  accepted: StandInCredentials,
): string | undefined {
  if (username !== accepted.token) return INVALID_PROJECT_SECRET
  return projectId === undefined || projectId === accepted.projectId ? undefined : OTHER_PROJECT
}

function accountFault(
  { username, secret }: Pair,
  projectId: string | undefined,
  accepted: StandInCredentials,
): string | undefined {
  const { serviceAccount } = accepted
  // Without a project id Mixpanel takes the pair for a project secret.
  if (projectId === undefined) return INVALID_PROJECT_SECRET
  if (username !== serviceAccount?.username) return UNKNOWN_SERVICE_ACCOUNT
  if (secret !== serviceAccount.secret) return INVALID_SERVICE_ACCOUNT
  return projectId === accepted.projectId ? undefined : NOT_A_MEMBER
}

/** Reads `Basic` credentials: base64, or plain with a colon (reference/service-accounts). */
function parseBasicAuth(authorization: string | undefined): Pair | undefined {
  const [scheme = '', given = ''] = (authorization ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return undefined
  const text = given.includes(':') ? given : Buffer.from(given, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  return { username: text.slice(0, colon), secret: text.slice(colon + 1) }
}

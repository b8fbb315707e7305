/** Whom a stand-in lets in: by project token, by service account, or by either. */
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
const OTHER_PROJECT = 'Credentials in request did not match project_id URL parameter'
const INVALID_PROJECT_SECRET =
  'Unauthorized, invalid project secret. See docs for more information: ' +
  'https://developer.mixpanel.com/reference/authentication#project-secret'

/** The text with which credentials are refused, as Mixpanel words it; `undefined` lets them in. */
export function credentialFault(
  presented: PresentedCredentials,
  accepted: StandInCredentials,
): string | undefined {
  const pair = pairOf(presented.authorization)
  if (pair === undefined) return INVALID_CREDENTIALS

  const fault =
    pair.secret === '' ? tokenFault(pair, accepted) : accountFault(pair, presented, accepted)
  if (fault !== undefined) return fault
  const { projectId } = presented
  return projectId === undefined || projectId === accepted.projectId ? undefined : OTHER_PROJECT
}

interface Pair {
  readonly username: string
  readonly secret: string
}

function tokenFault({ username }: Pair, { token }: StandInCredentials): string | undefined {
  return username === token ? undefined : INVALID_PROJECT_SECRET
}

function accountFault(
  { username, secret }: Pair,
  presented: PresentedCredentials,
  { serviceAccount }: StandInCredentials,
): string | undefined {
  // Without a project id Mixpanel takes the pair for a project secret.
  if (presented.projectId === undefined) return INVALID_PROJECT_SECRET
  if (username !== serviceAccount?.username) return UNKNOWN_SERVICE_ACCOUNT
  return secret === serviceAccount.secret ? undefined : INVALID_SERVICE_ACCOUNT
}

/** What follows `Basic ` is base64, or plain (reference/service-accounts): only plain has a colon. */
function pairOf(authorization: string | undefined): Pair | undefined {
  const [scheme = '', given = ''] = (authorization ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return undefined
  const text = given.includes(':') ? given : Buffer.from(given, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  return { username: text.slice(0, colon), secret: text.slice(colon + 1) }
}

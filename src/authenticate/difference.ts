import type { RefusalCode } from '../model/authentication.ts'
import type { Claims, Expectations } from './claims.ts'

/** The parts of an audience that is a URL. A plain name has only a host. */
interface Audience {
  readonly scheme: string
  /** The host without `www.` and port. */
  readonly host: string
  readonly www: string
  readonly port: string
  /** The path and all that follows, without slashes at its end. */
  readonly path: string
  readonly slashes: string
}

const AUDIENCE = /^(?:([a-z][a-z\d+.-]*):\/\/)?(www\.)?([^/?#:]*)(:\d*)?(.*)$/is

/**
 * Says how a refused audience or service account differs from the allowed ones, in constant words
 * and without the claim. Only the sender of a well signed token may learn it.
 */
export function describeDifference(
  code: RefusalCode,
  claims: Claims,
  { audiences, serviceAccounts }: Expectations,
): string | undefined {
  if (code === 'SERVICE_ACCOUNT_REFUSED') return accountDifference(claims.email, serviceAccounts)
  if (code !== 'TOKEN_AUDIENCE_REFUSED' || audiences === 'any') return undefined
  return audienceDifference(claims.aud, audiences)
}

function audienceDifference(claim: unknown, allowed: readonly string[]): string {
  if (typeof claim !== 'string') return 'The token has no audience, or more than one.'
  const audience = parseAudience(claim)
  const near = allowed
    .map(parseAudience)
    .filter(({ host }) => isSame(host, audience.host))
    .map((one) => differences(one, audience))
    .sort((one, other) => one.length - other.length)
  const [nearest] = near
  if (nearest) return `The two differ only in ${nearest.join(' and ')}.`
  const isUrl = audience.scheme !== ''
  if (allowed.every((one) => (parseAudience(one).scheme !== '') === isUrl)) {
    return `The two differ in the ${isUrl ? 'host' : 'name'}.`
  }
  return isUrl
    ? 'The audience of the token is a URL, and PUSH_AUDIENCE holds a plain name.'
    : 'The audience of the token is a plain name, and PUSH_AUDIENCE holds a URL.'
}

function parseAudience(text: string): Audience {
  const [, scheme = '', www = '', host = '', port = '', rest = ''] =
    AUDIENCE.exec(text.trim()) ?? []
  const pathLength = lengthWithoutSlashes(rest)
  const path = rest.slice(0, pathLength)
  return { scheme, www, host, port, path, slashes: rest.slice(pathLength) }
}

/**
 * Returns the length without slashes at the end. A pattern would scan a row of slashes once for
 * each of them.
 */
function lengthWithoutSlashes(path: string): number {
  let length = path.length
  while (path[length - 1] === '/') length -= 1
  return length
}

function differences(one: Audience, other: Audience): string[] {
  const found: string[] = []
  if (!isSame(one.scheme, other.scheme)) found.push('the scheme')
  if (!isSame(one.www, other.www)) found.push('the www. before the host')
  if (one.port !== other.port) found.push('the port')
  if (!isSame(one.path, other.path)) found.push('the path')
  else if (one.slashes !== other.slashes) found.push('the slash at the end')
  if (differInCase(one, other)) found.push('upper and lower case')
  return found.length > 0 ? found : ['white space']
}

function differInCase(one: Audience, other: Audience): boolean {
  const parts = ['scheme', 'www', 'host', 'path'] as const
  return parts.some((part) => one[part] !== other[part] && isSame(one[part], other[part]))
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function accountDifference(email: unknown, allowed: readonly string[]): string {
  const [name, domain] = String(email).toLowerCase().split('@')
  const accounts = allowed.map((one) => one.split('@'))
  if (accounts.some(([, other]) => other === domain)) {
    return 'The two are accounts of one project with different names.'
  }
  if (accounts.some(([other]) => other === name)) {
    return 'The two are accounts of one name in different projects.'
  }
  return 'The two differ in name and project.'
}

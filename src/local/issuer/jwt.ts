import { createHmac, sign } from 'node:crypto'
import type { SigningKey } from './key-ring.ts'

/** The literal that Cloud Run's IAM puts in place of a signature it has verified. */
const REMOVED_SIGNATURE = 'SIGNATURE_REMOVED_BY_GOOGLE'

/** The claims of a token; a claim that is `undefined` is left out. */
export type Claims = Readonly<Record<string, unknown>>

/** Signs a token as Google does. */
export function rs256Token(claims: Claims, key: SigningKey): string {
  const input = signingInput({ alg: 'RS256', kid: key.kid, typ: 'JWT' }, claims)
  return `${input}.${sign('sha256', Buffer.from(input), key.privateKey).toString('base64url')}`
}

/** Makes an attack: a token signed with the public key, as if it were a shared secret. */
export function hs256Token(claims: Claims, key: SigningKey): string {
  const input = signingInput({ alg: 'HS256', kid: key.kid, typ: 'JWT' }, claims)
  const secret = key.publicKey.export({ type: 'spki', format: 'pem' })
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** Makes an attack: a token without a signature, with `alg: none`. */
export function unsignedToken(claims: Claims): string {
  return `${signingInput({ alg: 'none', typ: 'JWT' }, claims)}.`
}

/** Returns the token with every bit of its signature's first byte inverted. */
export function withForgedSignature(token: string): string {
  const { input, signature } = splitToken(token)
  const [first = 0, ...rest] = Buffer.from(signature, 'base64url')
  return `${input}.${Buffer.from([first ^ 0xff, ...rest]).toString('base64url')}`
}

/** Returns the token as Cloud Run's IAM hands it to a container. */
export function withRemovedSignature(token: string): string {
  return `${splitToken(token).input}.${REMOVED_SIGNATURE}`
}

/** Returns the public half of a key, as one entry of a JWKS. */
export function jwkOf({ kid, publicKey }: SigningKey): object {
  const { kty, n, e } = publicKey.export({ format: 'jwk' })
  return { kty, n, e, alg: 'RS256', use: 'sig', kid }
}

function signingInput(header: object, claims: Claims): string {
  return `${encoded(header)}.${encoded(claims)}`
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function splitToken(token: string): { input: string; signature: string } {
  const dot = token.lastIndexOf('.')
  return { input: token.slice(0, dot), signature: token.slice(dot + 1) }
}

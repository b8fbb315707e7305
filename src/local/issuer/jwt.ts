import { createHmac, sign } from 'node:crypto'
import type { SigningKey } from './key-ring.ts'

/** The literal that Cloud Run's IAM puts in place of a signature it has verified. */
const REMOVED_SIGNATURE = 'SIGNATURE_REMOVED_BY_GOOGLE'

/** The claims of a token; a claim that is `undefined` is left out. */
export type Claims = Readonly<Record<string, unknown>>

/** A token as Google signs them. */
export function rs256Token(claims: Claims, key: SigningKey): string {
  const input = signingInput({ alg: 'RS256', kid: key.kid, typ: 'JWT' }, claims)
  return `${input}.${sign('sha256', Buffer.from(input), key.privateKey).toString('base64url')}`
}

/** An attack: signed with the public key, as if it were a shared secret. */
export function hs256Token(claims: Claims, key: SigningKey): string {
  const input = signingInput({ alg: 'HS256', kid: key.kid, typ: 'JWT' }, claims)
  const secret = key.publicKey.export({ type: 'spki', format: 'pem' })
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** An attack: not signed at all, and open about it. */
export function unsignedToken(claims: Claims): string {
  return `${signingInput({ alg: 'none', typ: 'JWT' }, claims)}.`
}

/** The token with every bit of its signature's first byte turned. */
export function withForgedSignature(token: string): string {
  const { input, signature } = partsOf(token)
  const [first = 0, ...rest] = Buffer.from(signature, 'base64url')
  return `${input}.${Buffer.from([first ^ 0xff, ...rest]).toString('base64url')}`
}

/** The token as a container behind Cloud Run's IAM is handed it. */
export function withRemovedSignature(token: string): string {
  return `${partsOf(token).input}.${REMOVED_SIGNATURE}`
}

/** The public half of a key, as one entry of a JWKS. */
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

function partsOf(token: string): { input: string; signature: string } {
  const dot = token.lastIndexOf('.')
  return { input: token.slice(0, dot), signature: token.slice(dot + 1) }
}

import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'

export const AUDIENCE = 'https://forwarder.example/push'
export const PUSHER = 'pusher@a-project.iam.gserviceaccount.com'
export const GOOGLE = ['accounts.google.com', 'https://accounts.google.com']

export type TokenClaims = Readonly<Record<string, unknown>>

/** One key pair of an issuer, and tokens signed with it. */
export interface Signer {
  readonly jwk: JWK
  /** The public key as PEM. */
  readonly pem: string
  sign(claims: TokenClaims, header?: Readonly<Record<string, unknown>>): Promise<string>
}

/** Slow, as key pairs are: once for each file. */
export async function createSigner(kid: string, alg = 'RS256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    pem: await exportSPKI(publicKey),
    sign: (claims, header) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  }
}

/** The claims of a token that Pub/Sub fetched at `now`, in epoch ms. */
export function claimsOfPush(now: number, claims: TokenClaims = {}): TokenClaims {
  const iat = Math.floor(now / 1000)
  return {
    aud: AUDIENCE,
    azp: '113774264463038321964',
    email: PUSHER,
    sub: '113774264463038321964',
    email_verified: true,
    exp: iat + 3600,
    iat,
    iss: 'https://accounts.google.com',
    ...claims,
  }
}

/** A token with any header, claims and signature part. */
export function handMade(header: unknown, claims: unknown, signature: string): string {
  return `${base64url(header)}.${base64url(claims)}.${signature}`
}

/** The rest that Cloud Run's IAM leaves of a token. */
export function stripped(claims: TokenClaims): string {
  return handMade({ alg: 'RS256', kid: 'first' }, claims, 'SIGNATURE_REMOVED_BY_GOOGLE')
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

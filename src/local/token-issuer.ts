import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, sendAnswer } from './answer.ts'
import {
  type Claims,
  hs256Token,
  jwkOf,
  rs256Token,
  unsignedToken,
  withForgedSignature,
  withRemovedSignature,
} from './issuer/jwt.ts'
import { createKeyRing, type KeyRing } from './issuer/key-ring.ts'
import { refusalOfName } from './loopback-name.ts'
import { startLoopbackServer } from './loopback-server.ts'
import { wallNow } from './wall-clock.ts'

const TOKEN_LIFETIME_SECONDS = 3600
/** The place in the ring of the key that is never published. */
const STRANGERS_KEY = 0
const SERVICE_ACCOUNT_ID = '113774264463038321964'

/** The audience of a token by default. */
export const LOCAL_AUDIENCE = 'https://pubsub-mixpanel.example/push'
export const LOCAL_SERVICE_ACCOUNT = 'pubsub-push@local-project.iam.gserviceaccount.com'

export interface TokenIssuerOptions {
  /** Any free port when absent. */
  readonly port?: number
  readonly audience?: string
  /** The e-mail address of the service account in the tokens. */
  readonly serviceAccount?: string
  /** The claim `iss`: the issuer's own URL when absent. */
  readonly issuer?: string
  /** Sent as `max-age` with the keys; 3600 when absent. */
  readonly keysMaxAgeSeconds?: number
  /** Epoch ms. */
  readonly now?: () => number
  /** The ring that keys are taken from, for tests with several issuers; a new one when absent. */
  readonly keys?: KeyRing
}

/** The treatment of a request for the keys by a key server that is told to behave badly. */
export type KeyServerBehaviour = Readonly<
  | ({ kind: 'status' } & Answer)
  /** Never answers; the socket stays open until the issuer is closed. */
  | { kind: 'hang' }
  | { kind: 'reset' }
>

/** A Google on loopback: `GET /certs` for the keys, `GET /token?audience=…&email=…` for curl. */
export interface TokenIssuer {
  /** The base URL, without a slash at the end. */
  readonly url: string
  readonly port: number
  readonly jwksUrl: string
  /** The claim `iss` of its tokens. */
  readonly issuer: string
  close(): Promise<void>

  /** A token with Google's claims, valid for an hour. An override `undefined` removes a claim. */
  token(overrides?: Claims): string
  /** `alg: none`. */
  unsignedToken(overrides?: Claims): string
  /** HS256, with the public key's PEM as the secret. */
  hs256Token(overrides?: Claims): string
  /** The token as Cloud Run's IAM hands it to a container: `SIGNATURE_REMOVED_BY_GOOGLE`. */
  strippedToken(overrides?: Claims): string
  /** Correctly signed, with a key that was never published. */
  tokenOfUnknownKey(overrides?: Claims): Promise<string>
  /** The same token with another signature of the same length. */
  withForgedSignature(token: string): string

  /**
   * Signs with a new key from now on. The old key leaves the set, and its tokens become invalid, or
   * it stays, as Google's keys do for as long as tokens live.
   */
  rotate(old?: 'leaves' | 'stays'): Promise<void>
  /** The number of requests for the keys, with any answer. */
  requests(): number
  /** Treats every request for the keys so. */
  answerAlways(behaviour: KeyServerBehaviour | 'normally'): void
}

/** Starts an issuer on 127.0.0.1, with one key. Rejects when its port is taken. */
export async function startTokenIssuer(options: TokenIssuerOptions = {}): Promise<TokenIssuer> {
  const { now = wallNow, keys = createKeyRing(), port = 0 } = options
  let place = STRANGERS_KEY + 1
  let key = await keys.keyAt(place)
  let published = [key]
  let behaviour: KeyServerBehaviour | 'normally' = 'normally'
  let requests = 0
  const server = await startLoopbackServer({ name: 'the token issuer', port }, answerRequest)
  const issuer = options.issuer ?? server.url

  return {
    url: server.url,
    port: server.port,
    jwksUrl: `${server.url}/certs`,
    issuer,
    close: server.close,
    token,
    unsignedToken: (overrides) => unsignedToken(claimsWith(overrides)),
    hs256Token: (overrides) => hs256Token(claimsWith(overrides), key),
    strippedToken: (overrides) => withRemovedSignature(token(overrides)),
    tokenOfUnknownKey: async (overrides) => {
      return rs256Token(claimsWith(overrides), await keys.keyAt(STRANGERS_KEY))
    },
    withForgedSignature,
    rotate,
    requests: () => requests,
    answerAlways: (wanted) => {
      behaviour = wanted
    },
  }

  function token(overrides?: Claims): string {
    return rs256Token(claimsWith(overrides), key)
  }

  function claimsWith(overrides: Claims = {}): Claims {
    const iat = typeof overrides.iat === 'number' ? overrides.iat : Math.floor(now() / 1000)
    return {
      aud: options.audience ?? LOCAL_AUDIENCE,
      azp: SERVICE_ACCOUNT_ID,
      email: options.serviceAccount ?? LOCAL_SERVICE_ACCOUNT,
      email_verified: true,
      exp: iat + TOKEN_LIFETIME_SECONDS,
      iat,
      iss: issuer,
      sub: SERVICE_ACCOUNT_ID,
      ...overrides,
    }
  }

  async function rotate(old: 'leaves' | 'stays' = 'leaves'): Promise<void> {
    place += 1
    key = await keys.keyAt(place)
    published = old === 'stays' ? [key, ...published] : [key]
  }

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', server.url)
    const route = `${request.method} ${url.pathname}`
    if (route === 'GET /certs') return answerWithKeys(response)
    const refusal = refusalOfName(request)
    if (refusal !== undefined) return sendAnswer(response, refusal)
    if (route === 'GET /token') return sendAnswer(response, freshToken(url.searchParams))
    sendAnswer(response, { status: 404, body: `no such route here: ${route}\n` })
  }

  function answerWithKeys(response: ServerResponse): void {
    requests++
    if (behaviour === 'normally') sendAnswer(response, publishedKeys())
    else if (behaviour.kind === 'status') sendAnswer(response, behaviour)
    else if (behaviour.kind === 'reset') response.socket?.resetAndDestroy()
  }

  function publishedKeys(): Answer {
    const maxAge = options.keysMaxAgeSeconds ?? TOKEN_LIFETIME_SECONDS
    const headers = { 'cache-control': `public, max-age=${maxAge}` }
    return { status: 200, body: { keys: published.map(jwkOf) }, headers }
  }

  function freshToken(query: URLSearchParams): Answer {
    const aud = query.get('audience')
    const email = query.get('email')
    return { status: 200, body: token({ ...(aud && { aud }), ...(email && { email }) }) }
  }
}

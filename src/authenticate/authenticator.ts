import type { Clock } from '../lib/clock.ts'
import { type Authenticate, TRUSTED } from '../model/authentication.ts'
import { withBearerToken } from './bearer-token.ts'
import { createCloudRunIam } from './cloud-run-iam.ts'
import { createFetchKeys } from './fetch-keys.ts'
import { createKeys } from './keys.ts'
import { createOidc } from './oidc.ts'
import { createVerifiedTokens } from './verified-tokens.ts'

/** How pushes are authenticated: `PUSH_AUTH`, with what its mode needs. */
export type AuthenticatorOptions = Readonly<
  /** Verifies the token fully. */
  | {
      kind: 'oidc'
      audiences: readonly string[]
      serviceAccounts: readonly string[]
      issuers: readonly string[]
      jwksUrl: string
    }
  /** Trusts Cloud Run's IAM to have verified it; no audiences: they are not checked. */
  | { kind: 'cloud_run_iam'; audiences: readonly string[]; serviceAccounts: readonly string[] }
  /** Trusts everybody. */
  | { kind: 'none' }
>

export interface AuthenticatorParts {
  readonly clock: Clock
  /** Told, with an error that is safe to log, of each attempt to fetch keys that failed. */
  readonly keyFetchFailed: (error: unknown) => void
}

export interface Authenticator {
  readonly authenticate: Authenticate
  /** Resolves when keys have been asked for once, with whatever success; never rejects. */
  start(): Promise<void>
  /** Asks for no more keys in the background. */
  stop(): void
  /** Whether tokens can be judged: `false` is readiness's `no_keys`. */
  available(): boolean
}

const WITHOUT_KEYS = { start: async () => {}, stop: () => {}, available: () => true } as const

/** The one place that chooses how pushes are authenticated. */
export function createAuthenticator(
  options: AuthenticatorOptions,
  parts: AuthenticatorParts,
): Authenticator {
  switch (options.kind) {
    case 'oidc': {
      const { clock, keyFetchFailed: fetchFailed } = parts
      const fetchKeys = createFetchKeys(options.jwksUrl, clock)
      const keys = createKeys({ fetchKeys, clock, fetchFailed })
      const verifiedTokens = createVerifiedTokens(clock)
      const { start, stop, available } = keys
      const judge = createOidc(options, { keys, verifiedTokens, clock })
      return { authenticate: withBearerToken(judge), start, stop, available }
    }
    case 'cloud_run_iam': {
      const judge = createCloudRunIam(options, parts.clock)
      return { authenticate: withBearerToken(judge), ...WITHOUT_KEYS }
    }
    case 'none':
      return { authenticate: () => TRUSTED, ...WITHOUT_KEYS }
  }
}

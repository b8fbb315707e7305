import type { Clock } from '../lib/clock.ts'
import { type Authenticate, TRUSTED } from '../model/authentication.ts'
import { withBearerToken } from './bearer-token.ts'
import { createCloudRunIam } from './cloud-run-iam.ts'
import { createFetchKeys } from './fetch-keys.ts'
import { createKeys } from './keys.ts'
import { createOidc } from './oidc.ts'
import { createVerifiedTokens } from './verified-tokens.ts'

/** The mode of authentication, `PUSH_AUTH`, with the settings that it needs. */
export type AuthenticatorOptions = Readonly<
  /** The mode that verifies the token fully. */
  | {
      kind: 'oidc'
      audiences: readonly string[]
      serviceAccounts: readonly string[]
      issuers: readonly string[]
      jwksUrl: string
    }
  /**
   * The mode that trusts Cloud Run's IAM to have verified the token. Without audiences, they are
   * not checked.
   */
  | { kind: 'cloud_run_iam'; audiences: readonly string[]; serviceAccounts: readonly string[] }
  /** The mode that trusts every client. */
  | { kind: 'none' }
>

export interface AuthenticatorDeps {
  readonly clock: Clock
  /** Called with an error that is safe to log when an attempt to fetch keys failed. */
  readonly keyFetchFailed: (error: unknown) => void
}

export interface Authenticator {
  readonly authenticate: Authenticate
  /** Resolves when keys have been asked for once, with or without success. It never rejects. */
  start(): Promise<void>
  /** Stops asking for keys in the background. */
  stop(): void
  /** Whether tokens can be verified: `false` is the `no_keys` of readiness. */
  available(): boolean
}

const WITHOUT_KEYS = { start: async () => {}, stop: () => {}, available: () => true } as const

/** Chooses how pushes are authenticated. It is the only place that does. */
export function createAuthenticator(
  options: AuthenticatorOptions,
  deps: AuthenticatorDeps,
): Authenticator {
  switch (options.kind) {
    case 'oidc': {
      const { clock, keyFetchFailed: fetchFailed } = deps
      const fetchKeys = createFetchKeys(options.jwksUrl, clock)
      const keys = createKeys({ fetchKeys, clock, fetchFailed })
      const verifiedTokens = createVerifiedTokens(clock)
      const { start, stop, available } = keys
      const judge = createOidc(options, { keys, verifiedTokens, clock })
      return { authenticate: withBearerToken(judge), start, stop, available }
    }
    case 'cloud_run_iam': {
      const judge = createCloudRunIam(options, deps.clock)
      return { authenticate: withBearerToken(judge), ...WITHOUT_KEYS }
    }
    case 'none':
      return { authenticate: () => TRUSTED, ...WITHOUT_KEYS }
  }
}

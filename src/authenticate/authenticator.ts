import type { Clock } from '../lib/clock.ts'
import { type Authenticate, type PushAuth, TRUSTED } from '../model/authentication.ts'
import { withBearerToken } from './bearer-token.ts'
import { createCloudRunIam } from './cloud-run-iam.ts'
import { createFetchKeys } from './fetch-keys.ts'
import { createKeys } from './keys.ts'
import { createOidc } from './oidc.ts'

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
export function createAuthenticator(mode: PushAuth, deps: AuthenticatorDeps): Authenticator {
  switch (mode.kind) {
    case 'oidc': {
      const { clock, keyFetchFailed: fetchFailed } = deps
      const fetchKeys = createFetchKeys(mode.jwksUrl, clock)
      const keys = createKeys({ fetchKeys, clock, fetchFailed })
      const { start, stop, available } = keys
      const judge = createOidc(mode, { keys, clock })
      return { authenticate: withBearerToken(judge, clock), start, stop, available }
    }
    case 'cloud_run_iam': {
      const judge = createCloudRunIam(mode, deps.clock)
      return { authenticate: withBearerToken(judge, deps.clock), ...WITHOUT_KEYS }
    }
    case 'none':
      return { authenticate: () => TRUSTED, ...WITHOUT_KEYS }
  }
}

import type { AuthClient } from 'google-auth-library'

/** The access of a request to Google. */
export type Access = Readonly<
  | { kind: 'granted'; headers: Readonly<Record<string, string>> }
  /** There are no credentials, or Google refuses them. That does not pass by itself. */
  | { kind: 'refused'; code: string }
  /** The credentials could not be fetched this time. */
  | { kind: 'unavailable'; code: string }
>

export interface GoogleCredentials {
  /**
   * Resolves with the access. It never rejects, and passes on no error of the library: they quote
   * whole tokens.
   */
  access(): Promise<Access>
  /** Makes the next access use fresh credentials. */
  forget(): void
}

/** The credentials for an emulator, which asks for none. */
export const NO_CREDENTIALS: GoogleCredentials = {
  access: async () => ({ kind: 'granted', headers: {} }),
  forget: () => undefined,
}

/** The scopes of credentials (https://developers.google.com/identity/protocols/oauth2/scopes). */
export type GoogleScope = 'pubsub' | 'cloud-platform'

/** The statuses with which token endpoints refuse credentials for good. */
const REFUSALS: readonly unknown[] = [400, 401, 403, 404]

/**
 * Makes the application default credentials: on Cloud Run those of the service account. The library
 * is loaded when they are first needed. It keeps a token until shortly before it expires.
 */
export function createGoogleCredentials(scope: GoogleScope = 'pubsub'): GoogleCredentials {
  let client: AuthClient | undefined

  return { access, forget }

  async function access(): Promise<Access> {
    try {
      client ??= await loadClient(scope)
    } catch {
      return { kind: 'refused', code: 'NO_CREDENTIALS' }
    }
    try {
      return { kind: 'granted', headers: Object.fromEntries(await client.getRequestHeaders()) }
    } catch (error) {
      return denied(error)
    }
  }

  function forget(): void {
    client = undefined
  }
}

async function loadClient(scope: GoogleScope): Promise<AuthClient> {
  const { GoogleAuth } = await import('./google-auth.ts')
  return new GoogleAuth({ scopes: [`https://www.googleapis.com/auth/${scope}`] }).getClient()
}

function denied(error: unknown): Access {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  if (REFUSALS.includes(status)) return { kind: 'refused', code: 'CREDENTIALS_REFUSED' }
  return { kind: 'unavailable', code: 'CREDENTIALS_UNAVAILABLE' }
}

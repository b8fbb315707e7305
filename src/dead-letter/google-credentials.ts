import type { AuthClient } from 'google-auth-library'

/** What a request to Google is let in by. */
export type Access = Readonly<
  | { kind: 'granted'; headers: Readonly<Record<string, string>> }
  /** No credentials here, or Google takes them for none: nothing that passes by itself. */
  | { kind: 'refused'; code: string }
  /** They could not be had this time. */
  | { kind: 'unavailable'; code: string }
>

export interface Credentials {
  /** Never rejects, and gives nothing of the library's errors on: they quote whole tokens. */
  access(): Promise<Access>
  /** Has the next access made of fresh credentials. */
  forget(): void
}

/** For an emulator, which asks for none. */
export const NO_CREDENTIALS: Credentials = {
  access: async () => ({ kind: 'granted', headers: {} }),
  forget: () => undefined,
}

const SCOPE = 'https://www.googleapis.com/auth/pubsub'

/** What token endpoints answer to credentials they will not take later either. */
const REFUSALS: readonly unknown[] = [400, 401, 403, 404]

/**
 * The application default credentials: on Cloud Run those of the service account it runs as. The
 * library is loaded when they are first asked for; it keeps a token until shortly before its end.
 */
export function createGoogleCredentials(): Credentials {
  let client: AuthClient | undefined

  return { access, forget }

  async function access(): Promise<Access> {
    try {
      client ??= await loadClient()
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

async function loadClient(): Promise<AuthClient> {
  const { GoogleAuth } = await import('google-auth-library')
  return new GoogleAuth({ scopes: [SCOPE] }).getClient()
}

function denied(error: unknown): Access {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  if (REFUSALS.includes(status)) return { kind: 'refused', code: 'CREDENTIALS_REFUSED' }
  return { kind: 'unavailable', code: 'CREDENTIALS_UNAVAILABLE' }
}

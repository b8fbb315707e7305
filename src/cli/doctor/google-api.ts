import type { GoogleCredentials } from '../../dead-letter/google-credentials.ts'
import { NO_CREDENTIALS } from '../../dead-letter/google-credentials.ts'
import type { Ask } from './ask.ts'
import { jsonIn, textAt } from './json-at.ts'

/** The base URLs of Google's APIs, without a slash at the end. */
export interface GoogleHosts {
  readonly pubsub: string
  readonly run: string
  readonly iam: string
  readonly projects: string
}

export const GOOGLE_HOSTS: GoogleHosts = {
  pubsub: 'https://pubsub.googleapis.com',
  run: 'https://run.googleapis.com',
  iam: 'https://iam.googleapis.com',
  projects: 'https://cloudresourcemanager.googleapis.com',
}

/** The answer to a request for a resource. */
export type GoogleAnswer = Readonly<
  | { kind: 'found'; value: unknown }
  | { kind: 'missing' }
  /** The credentials lack a permission; the text names it where Google does. */
  | { kind: 'forbidden'; text: string }
  | { kind: 'no_credentials'; text: string }
  /** No usable answer came. */
  | { kind: 'failed'; text: string }
>

export interface GoogleCall {
  readonly api: keyof GoogleHosts
  /** The path after the base URL, with a slash at its start. */
  readonly path: string
  /** A JSON object to post; a GET when absent. */
  readonly post?: object
  /** The permission that the call needs, for its texts. */
  readonly permission: string
}

export interface GoogleApi {
  /** Whether Pub/Sub is an emulator, which knows no grants. */
  readonly emulated: boolean
  call(call: GoogleCall, signal: AbortSignal): Promise<GoogleAnswer>
}

export interface GoogleApiOptions {
  readonly hosts: GoogleHosts
  /** The host and port of an emulator of Pub/Sub. */
  readonly emulatorHost?: string | undefined
}

/** Makes a client for Google's REST APIs that only reads. */
export function createGoogleApi(
  { hosts, emulatorHost }: GoogleApiOptions,
  { ask, credentials }: { readonly ask: Ask; readonly credentials: GoogleCredentials },
): GoogleApi {
  const emulated = emulatorHost !== undefined

  return { emulated, call }

  async function call(
    { api, path, post, permission }: GoogleCall,
    signal: AbortSignal,
  ): Promise<GoogleAnswer> {
    const local = emulated && api === 'pubsub'
    const access = await (local ? NO_CREDENTIALS : credentials).access()
    if (access.kind === 'refused') return noCredentials(access.code)
    if (access.kind === 'unavailable') return { kind: 'failed', text: access.code }
    const asked = await ask(
      {
        url: `${local ? `http://${emulatorHost}` : hosts[api]}${path}`,
        headers: { ...access.headers, 'content-type': 'application/json' },
        ...(post !== undefined && { method: 'POST', data: JSON.stringify(post) }),
      },
      signal,
    )
    if (asked.kind === 'unanswered') return { kind: 'failed', text: `no answer: ${asked.code}` }
    return answerOf(asked.status, jsonIn(asked.body), permission)
  }
}

function answerOf(status: number, body: unknown, permission: string): GoogleAnswer {
  if (status === 200 && typeof body === 'object' && body !== null) {
    return { kind: 'found', value: body }
  }
  if (status === 401) return noCredentials('STATUS_401')
  if (status === 403) return { kind: 'forbidden', text: forbiddenText(body, permission) }
  if (status === 404) return { kind: 'missing' }
  return { kind: 'failed', text: `status ${status}` }
}

/** Whether the body of a 403 of Google says that the API is not enabled. */
export function isDisabled(body: unknown): boolean {
  return /SERVICE_DISABLED|has not been used in project/.test(JSON.stringify(body) ?? '')
}

function forbiddenText(body: unknown, permission: string): string {
  const status = textAt(body, 'error', 'status')
  if (isDisabled(body)) return `its API is not enabled, so ${permission} could not be used`
  return `no permission ${permission}${status === undefined ? ' (a proxy may have refused)' : ''}`
}

function noCredentials(code: string): GoogleAnswer {
  return {
    kind: 'no_credentials',
    text: `no Google credentials (${code}): run gcloud auth application-default login`,
  }
}

import { LOCAL_CREDENTIALS } from '../../src/local/mixpanel-stand-in.ts'

/** A moment for stand-ins whose clock stands still: 2026-01-01, in seconds and milliseconds. */
export const NOW_SECONDS = 1_767_225_600
export const NOW = NOW_SECONDS * 1000

export interface ImportOptions {
  readonly query?: string
  readonly path?: string
  /** `undefined` leaves a header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export interface ImportAnswer {
  readonly status: number
  /** Parsed when it is JSON. */
  readonly body: unknown
}

/** A record that keeps every rule, unless told otherwise. A property `undefined` is left out. */
export function aRecord(properties: Readonly<Record<string, unknown>> = {}, event = 'signup') {
  return {
    event,
    properties: {
      time: NOW_SECONDS - 60,
      distinct_id: 'ada',
      $insert_id: 'insert-1',
      ...properties,
    },
  }
}

/** `Basic` credentials as Mixpanel wants them. */
export function basic(username: string, secret: string): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`
}

/** Posts to `/import?strict=1` with the project token; bytes and strings go out as they are. */
export async function postImport(
  url: string,
  body: string | Uint8Array<ArrayBuffer> | readonly unknown[],
  { query = 'strict=1', path = '/import', headers = {} }: ImportOptions = {},
): Promise<ImportAnswer> {
  const all = {
    'content-type': 'application/json',
    authorization: basic(LOCAL_CREDENTIALS.token, ''),
    ...headers,
  }
  const sent = new Headers()
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) sent.set(name, value)
  }
  const answer = await fetch(`${url}${path}?${query}`, {
    method: 'POST',
    headers: sent,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  const json = answer.headers.get('content-type') === 'application/json'
  return { status: answer.status, body: json ? JSON.parse(text) : text }
}

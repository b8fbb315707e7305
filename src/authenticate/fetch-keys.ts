import axios, { type AxiosRequestConfig, isAxiosError, isCancel } from 'axios'
import type { JSONWebKeySet } from 'jose'
import type { Clock } from '../lib/clock.ts'
import type { FetchKeys } from './keys.ts'

/** The key server gave no keys. The message names the cause and nothing that was received. */
export class FetchKeysError extends Error {
  override readonly name = 'FetchKeysError'
  /**
   * The cause, fit for a log line: `TIMED_OUT`, `NO_KEY_SET`, `STATUS_503`, or axios's own code.
   */
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** The time from the first byte of the request to the last byte of the answer. */
const TIMEOUT_MS = 5_000

/** The most bytes of a key set. Google's has 2 KB. */
const MAX_KEY_SET_BYTES = 262_144

const REQUEST: AxiosRequestConfig = {
  // The service asks once an hour: a connection that was kept would be found broken.
  headers: { accept: 'application/json', connection: 'close' },
  maxContentLength: MAX_KEY_SET_BYTES,
  maxRedirects: 0,
  proxy: false,
  validateStatus: () => true,
}

/** Makes a function that asks the key server at `jwksUrl` for its keys (RFC 7517, section 5). */
export function createFetchKeys(jwksUrl: string, clock: Clock): FetchKeys {
  return async function fetchKeys() {
    const timeLimit = new AbortController()
    const cancel = clock.after(TIMEOUT_MS, () => timeLimit.abort())
    try {
      return await requestKeys(jwksUrl, timeLimit.signal)
    } finally {
      cancel()
    }
  }
}

async function requestKeys(jwksUrl: string, signal: AbortSignal): Promise<JSONWebKeySet> {
  const { status, data } = await axios
    .get<unknown>(jwksUrl, { ...REQUEST, signal })
    .catch((error: unknown) => {
      const code = codeOf(error)
      throw new FetchKeysError(`the key server gave no usable answer: ${code}`, code)
    })
  if (status !== 200) {
    throw new FetchKeysError(`the key server answered with status ${status}`, `STATUS_${status}`)
  }
  if (isKeySet(data)) return data
  throw new FetchKeysError('the key server answered without a set of RSA keys', 'NO_KEY_SET')
}

function codeOf(error: unknown): string {
  if (isCancel(error)) return 'TIMED_OUT'
  return (isAxiosError(error) && error.code) || 'UNKNOWN'
}

/**
 * Whether an answer is a key set. An empty set is a mistake of the server: it must not replace good
 * keys.
 */
export function isKeySet(data: unknown): data is JSONWebKeySet {
  if (typeof data !== 'object' || data === null || !('keys' in data)) return false
  const { keys } = data
  return Array.isArray(keys) && keys.every(isObject) && keys.some((key) => key.kty === 'RSA')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

import {
  type CryptoKey,
  createLocalJWKSet,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type LocalJWKSet,
} from 'jose'
import type { Clock } from '../lib/clock.ts'

/** Asks the key server once. Rejects, with an error that is safe to log, when it gives no keys. */
export type FetchKeys = () => Promise<JSONWebKeySet>

export type FoundKey = Readonly<
  | { kind: 'found'; key: CryptoKey }
  /** The key server, asked lately, publishes no such key. */
  | { kind: 'unknown' }
  /** It may publish it, but it does not answer. */
  | { kind: 'unavailable' }
>

/** The issuer's public keys, kept fresh. */
export interface Keys {
  /** Resolves when the first attempt to fetch them has ended, well or not; never rejects. */
  start(): Promise<void>
  /** Calls the next refresh off. */
  stop(): void
  /** Whether there are keys that are still good. */
  available(): boolean
  /** Resolves at once when the key is known, else after one more look at the key server. */
  find(header: JWSHeaderParameters): Promise<FoundKey>
}

export interface KeysParts {
  readonly fetchKeys: FetchKeys
  readonly clock: Clock
  /** Told of each attempt that failed. */
  readonly fetchFailed: (error: unknown) => void
}

const REFRESH_MS = 3_600_000
/** Issuers announce a key days before they use it: a day without a key server costs nothing. */
const GOOD_FOR_MS = 24 * 3_600_000
/** Anybody can name an unknown key: the key server is not asked at each. */
const COOLDOWN_MS = 30_000
const FIRST_RETRY_MS = 10_000
const MAX_RETRY_MS = 300_000

/** Fetches keys at the start, every hour, and for a key that is not known, one fetch at a time. */
export function createKeys(parts: KeysParts): Keys {
  const { fetchKeys, clock, fetchFailed } = parts
  let known: { readonly keys: LocalJWKSet; readonly fetchedAt: number } | undefined
  let attempt: Promise<void> | undefined
  let failures = 0
  let askedAt = Number.NEGATIVE_INFINITY
  let dueAt = Number.NEGATIVE_INFINITY
  let stopped = false
  let callOff = () => {}

  return { start: refresh, stop, available, find }

  function stop(): void {
    stopped = true
    callOff()
  }

  function available(): boolean {
    return known !== undefined && clock.monotonic() < known.fetchedAt + GOOD_FOR_MS
  }

  async function find(header: JWSHeaderParameters): Promise<FoundKey> {
    // The timer may have slept with the instance.
    if (clock.monotonic() >= dueAt) void refresh()
    const key = (await lookUp(header)) ?? (await askFor(header))
    if (key) return { kind: 'found', key }
    return { kind: failures === 0 ? 'unknown' : 'unavailable' }
  }

  async function askFor(header: JWSHeaderParameters): Promise<CryptoKey | undefined> {
    const cooling = clock.monotonic() < askedAt + COOLDOWN_MS
    if (attempt || !cooling) await refresh()
    // Even when not asked now: an attempt may have ended since the key was last looked up.
    return lookUp(header)
  }

  /** A key that is published but cannot be used is none. */
  async function lookUp(header: JWSHeaderParameters): Promise<CryptoKey | undefined> {
    if (!known || !available()) return undefined
    return known.keys(header).catch(() => undefined)
  }

  function refresh(): Promise<void> {
    attempt ??= fetchOnce().finally(() => {
      attempt = undefined
    })
    return attempt
  }

  async function fetchOnce(): Promise<void> {
    callOff()
    try {
      const keys = createLocalJWKSet(await fetchKeys())
      known = { keys, fetchedAt: clock.monotonic() }
      failures = 0
    } catch (error) {
      failures += 1
      fetchFailed(error)
    }
    askedAt = clock.monotonic()
    scheduleNext(failures === 0 ? REFRESH_MS : retryMs(failures))
  }

  function scheduleNext(waitMs: number): void {
    dueAt = clock.monotonic() + waitMs
    if (!stopped) callOff = clock.after(waitMs, () => void refresh())
  }
}

function retryMs(failures: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
}

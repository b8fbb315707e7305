import {
  type CryptoKey,
  createLocalJWKSet,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type LocalJWKSet,
} from 'jose'
import type { Clock } from '../lib/clock.ts'

/**
 * Asks the key server once. It rejects with an error that is safe to log when there are no keys.
 */
export type FetchKeys = () => Promise<JSONWebKeySet>

export type FoundKey = Readonly<
  | { kind: 'found'; key: CryptoKey }
  /** The key server was asked lately, and publishes no such key. */
  | { kind: 'unknown' }
  /** The key server may publish the key, but does not answer. */
  | { kind: 'unavailable' }
>

/** The issuer's public keys, kept fresh. */
export interface Keys {
  /**
   * Resolves when the first attempt to fetch keys has ended, with or without success. It never
   * rejects.
   */
  start(): Promise<void>
  /** Cancels the next refresh. */
  stop(): void
  /** Whether there are keys that are still good. */
  available(): boolean
  /**
   * Resolves at once when the key is known, otherwise after the key server has been asked once
   * more.
   */
  find(header: JWSHeaderParameters): Promise<FoundKey>
}

export interface KeysDeps {
  readonly fetchKeys: FetchKeys
  readonly clock: Clock
  /** Called with the error of each attempt that failed. */
  readonly fetchFailed: (error: unknown) => void
}

const REFRESH_MS = 3_600_000
/**
 * The time that keys stay good. Issuers announce a key days before they use it, so a day without a
 * key server does no harm.
 */
const GOOD_FOR_MS = 24 * 3_600_000
/** The least time between two look-ups of unknown keys: any client can name an unknown key. */
const COOLDOWN_MS = 30_000
const FIRST_RETRY_MS = 10_000
const MAX_RETRY_MS = 300_000

/**
 * Fetches keys at the start, every hour, and for a key that is not known. Only one fetch runs at a
 * time.
 */
export function createKeys(deps: KeysDeps): Keys {
  const { fetchKeys, clock, fetchFailed } = deps
  let known: { readonly keys: LocalJWKSet; readonly fetchedAt: number } | undefined
  let attempt: Promise<void> | undefined
  let failures = 0
  let triedAt = Number.NEGATIVE_INFINITY
  let dueAt = Number.NEGATIVE_INFINITY
  let stopped = false
  let cancel = () => {}

  return { start: refresh, stop, available, find }

  function stop(): void {
    stopped = true
    cancel()
  }

  function available(): boolean {
    return known !== undefined && clock.monotonic() < known.fetchedAt + GOOD_FOR_MS
  }

  async function find(header: JWSHeaderParameters): Promise<FoundKey> {
    // The timer may have been frozen with the instance.
    if (clock.monotonic() >= dueAt) void refresh()
    const key = (await lookUp(header)) ?? (await refreshAndLookUp(header))
    if (key) return { kind: 'found', key }
    return { kind: failures === 0 ? 'unknown' : 'unavailable' }
  }

  async function refreshAndLookUp(header: JWSHeaderParameters): Promise<CryptoKey | undefined> {
    const cooling = clock.monotonic() < triedAt + COOLDOWN_MS
    if (attempt || !cooling) await refresh()
    // This holds even without a fetch: an earlier attempt may have ended since the last look-up.
    return lookUp(header)
  }

  /**
   * Returns the key that fits the header. A key that is published but cannot be used counts as
   * none.
   */
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
    cancel()
    try {
      const keys = createLocalJWKSet(await fetchKeys())
      known = { keys, fetchedAt: clock.monotonic() }
      failures = 0
    } catch (error) {
      failures += 1
      fetchFailed(error)
    }
    triedAt = clock.monotonic()
    scheduleNext(failures === 0 ? REFRESH_MS : retryMs(failures))
  }

  function scheduleNext(waitMs: number): void {
    dueAt = clock.monotonic() + waitMs
    if (!stopped) cancel = clock.after(waitMs, () => void refresh())
  }
}

function retryMs(failures: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
}

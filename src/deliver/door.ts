/** How an attempt ended, as far as the door cares. Instants are monotonic ms. */
export interface EndedAttempt {
  readonly kind: 'taken' | 'refused' | 'throttled' | 'failed' | 'misconfigured'
  readonly passedAt: number
  readonly now: number
  /** What a `Retry-After` asked for. */
  readonly askedMs: number | undefined
}

/**
 * Open for all, until Mixpanel says `slower` or refuses our credentials: then closed for a while,
 * and after that half open, for one probe at a time, until Mixpanel has taken one.
 */
export interface Door {
  /** The instant from which one may pass; infinity while a probe is out. */
  opensAt(): number
  /** One has passed: the probe, unless the door is open for all. */
  passed(): void
  ended(attempt: EndedAttempt): void
  /** Mixpanel refuses everything, for no reason it names: it is left alone as after `slower`. */
  suspect(now: number): void
  /** Our credentials are refused, as several answers together say: the first set out at `since`. */
  bar(since: number, now: number): void
  /** The end of the last pause; past when it is over, or none was. */
  pausedUntil(): number
  /** Whether Mixpanel has asked us to wait, and we do, for the time or for the probe. */
  closed(now: number): boolean
  /** Whether our credentials were refused, and nothing was taken since. */
  barred(): boolean
}

/** The shortest pause: while Mixpanel refuses, it is asked at most once a second. */
export const LEAST_PAUSE_MS = 1_000
/** From the answer to one probe of refused credentials to the next probe. */
const PROBE_EVERY_MS = 10_000

/** A door that is open; `pauseMs` is the pause after so many refusals in a row. */
export function createDoor(pauseMs: (refusals: number) => number): Door {
  let guarded = false
  let guardedSince = Number.NEGATIVE_INFINITY
  let probing = false
  let pausedUntil = Number.NEGATIVE_INFINITY
  let nextProbeAt = Number.NEGATIVE_INFINITY
  let barred = false
  /** When the request set out whose answer refused our credentials. */
  let barredSince = Number.NEGATIVE_INFINITY
  let refusals = 0

  return {
    opensAt,
    passed,
    ended,
    suspect,
    bar,
    pausedUntil: () => pausedUntil,
    closed: (now) => now < pausedUntil || (probing && !barred),
    barred: () => barred,
  }

  function opensAt(): number {
    if (probing) return Number.POSITIVE_INFINITY
    return barred ? Math.max(pausedUntil, nextProbeAt) : pausedUntil
  }

  function passed(): void {
    probing = guarded
  }

  function ended(attempt: EndedAttempt): void {
    // It set out before the door was closed, or before the probe that opened it: no news.
    if (attempt.passedAt <= guardedSince) endedLate(attempt)
    else endedInTime(attempt)
  }

  function endedInTime({ kind, passedAt, now, askedMs }: EndedAttempt): void {
    probing = false
    nextProbeAt = now + PROBE_EVERY_MS
    if (kind === 'taken' || (kind === 'refused' && barred)) open()
    if (kind === 'throttled') refused(now, askedMs)
    if (kind === 'failed' && askedMs !== undefined) pause(askedMs, now)
    if (kind === 'misconfigured') bar(passedAt, now)
  }

  /**
   * An old refusal is one of those that closed the door; but a longer wait is what was asked. An
   * import that set out after the refused credentials did shows that they are good.
   */
  function endedLate({ kind, passedAt, now, askedMs }: EndedAttempt): void {
    if (!guarded) return
    if (askedMs !== undefined) pausedUntil = Math.max(pausedUntil, now + askedMs)
    if (kind === 'misconfigured') bar(passedAt, now)
    if (kind === 'taken' && barred && passedAt >= barredSince) unbar(now)
  }

  function open(): void {
    guarded = false
    barred = false
    refusals = 0
    pausedUntil = Number.NEGATIVE_INFINITY
  }

  function refused(now: number, askedMs: number | undefined): void {
    refusals += 1
    pause(askedMs ?? pauseMs(refusals), now)
  }

  function suspect(now: number): void {
    // Several may come to suspect the same at once; and whoever probes now will find out.
    if (now >= pausedUntil && !probing) refused(now, undefined)
  }

  function pause(ms: number, now: number): void {
    pausedUntil = now + Math.max(LEAST_PAUSE_MS, ms)
    guard(now)
  }

  /** A door that is closed already keeps its probe. */
  function bar(since: number, now: number): void {
    if (barred) return
    barred = true
    barredSince = since
    nextProbeAt = now + PROBE_EVERY_MS
    if (!guarded) guard(now)
  }

  function unbar(now: number): void {
    barred = false
    guarded = probing || now < pausedUntil
  }

  function guard(now: number): void {
    guarded = true
    guardedSince = now
  }
}

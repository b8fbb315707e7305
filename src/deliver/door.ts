/** The end of an attempt, as far as the door needs it. Instants are monotonic ms. */
export interface EndedAttempt {
  readonly kind: 'taken' | 'refused' | 'throttled' | 'failed' | 'misconfigured'
  readonly passedAt: number
  readonly now: number
  /** The wait that a `Retry-After` asked for. */
  readonly askedMs: number | undefined
}

/**
 * A door that is open for all attempts until Mixpanel answers 429 or refuses our credentials. It is
 * then closed for a while, and after that lets one probe at a time through, until Mixpanel has
 * imported one.
 */
export interface Door {
  /** Returns the instant from which an attempt may pass; infinity while a probe is under way. */
  opensAt(): number
  /** Notes that an attempt has passed. It is the probe, unless the door is open for all. */
  passed(): void
  ended(attempt: EndedAttempt): void
  /** Pauses as after a 429, because Mixpanel refuses everything for no reason that it names. */
  suspect(now: number): void
  /**
   * Closes the door because several answers refuse our credentials. The first attempt was sent at
   * `since`.
   */
  bar(since: number, now: number): void
  /** Returns the end of the last pause; in the past when it is over, or there was none. */
  pausedUntil(): number
  /** Whether attempts must wait for the end of a pause or for the probe. */
  closed(now: number): boolean
  /** Whether our credentials were refused, and nothing was imported since. */
  barred(): boolean
}

/** The shortest pause: while Mixpanel refuses, it is asked at most once a second. */
export const LEAST_PAUSE_MS = 1_000
/** The time from the answer to one probe of refused credentials to the next probe. */
const PROBE_EVERY_MS = 10_000

/** Makes a door that is open. `pauseMs` returns the pause after a number of refusals in a row. */
export function createDoor(pauseMs: (refusals: number) => number): Door {
  let guarded = false
  let guardedSince = Number.NEGATIVE_INFINITY
  let probing = false
  let pausedUntil = Number.NEGATIVE_INFINITY
  let nextProbeAt = Number.NEGATIVE_INFINITY
  let barred = false
  /** The instant at which the request was sent whose answer refused our credentials. */
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
    // It was sent before the door was closed, or before the probe that opened it, so it brings no
    // news.
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
   * Notes the end of an attempt that was sent before the door closed. Its refusal counts with those
   * that closed the door, but a longer wait is obeyed. An import that was sent after the refused
   * credentials shows that they are good.
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
    // Several batches may suspect the same fault at once. A probe under way will show it, too.
    if (now >= pausedUntil && !probing) refused(now, undefined)
  }

  function pause(ms: number, now: number): void {
    pausedUntil = now + Math.max(LEAST_PAUSE_MS, ms)
    guard(now)
  }

  /** Closes the door. One that is closed already keeps its probe. */
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

import { createLastMinute } from './last-minute.ts'

export interface RateOptions {
  /** Upper bound of the rate. A tenth of it is where the rate starts. */
  readonly maxEventsPerSecond: number
}

/**
 * The sending rate of one instance: a token bucket whose height Mixpanel's answers set. Pure but
 * for its own state: instants are handed in, monotonic ms that never step back.
 */
export interface Rate {
  /** The instant from which the next batch is within the rate; often past. */
  turnAt(now: number): number
  /** A batch sets out. */
  sent(events: number, now: number): void
  /** Mixpanel took what had passed at `passedAt`: up, if the rate is what holds us back. */
  taken(events: number, passedAt: number, now: number): void
  /** Mixpanel answered 429 to what had passed at `passedAt`: down, once a round trip. */
  refused(passedAt: number, now: number): void
  /** Nobody passes until then: that time is neither saved up nor unused. */
  rest(until: number): void
  eventsPerSecond(now: number): number
}

/** Rate that is not used is saved up for at most this long. */
const BURST_MS = 1_000
/** Ten instances that start together begin with one quota among them. */
const START_SHARE = 1 / 10
const FLOOR_SHARE = 1 / 300
/** What is left of the rate after a 429. */
const KEPT = 0.7
/** Until the first 429, for each event taken: the rate doubles in 2.8 s. */
const RAMP_PER_EVENT = 0.25
/** From a 429 back to the rate that met it: this long, and at least so many requests. */
const CLIMB_SECONDS = 45
const CLIMB_REQUESTS = 75
/** The rate is what holds us back while less than this is saved up. */
const SCARCE_MS = 100
/** A rate that is not used falls to a third in this time, and what was learnt is forgotten. */
const FADE_MS = 60_000

/**
 * How the rate moves: docs/decisions/0012. Down by 30 % on a 429; up fast until the first, and then
 * along a cubic that slows down where the last 429 was met, and hurries once well past it.
 */
export function createRate({ maxEventsPerSecond }: RateOptions, startAt: number): Rate {
  const start = maxEventsPerSecond * START_SHARE
  const floor = maxEventsPerSecond * FLOOR_SHARE
  const lastMinute = createLastMinute(startAt)
  let perSecond = start
  /** The instant up to which the rate is used up. */
  let usedUntil = startAt - BURST_MS
  let refusedAt = Number.NEGATIVE_INFINITY
  let takenSince = true
  /** The rate that met the first of the 429s since anything was taken. */
  let met = start
  /** The rate that met the last 429, and how far the climb is: -1 at 70 % of it, 0 at it. */
  let climb: { peak: number; position: number } | undefined
  let unusedMs = 0

  return { turnAt, sent, taken, refused, rest, eventsPerSecond }

  function turnAt(now: number): number {
    forgetUnused(now)
    return usedUntil
  }

  function eventsPerSecond(now: number): number {
    forgetUnused(now)
    return perSecond
  }

  function sent(events: number, now: number): void {
    forgetUnused(now)
    usedUntil += (events / perSecond) * 1000
  }

  function rest(until: number): void {
    usedUntil = Math.max(usedUntil, until)
  }

  function taken(events: number, passedAt: number, now: number): void {
    lastMinute.add(events, now)
    if (passedAt <= refusedAt) return
    takenSince = true
    if (usedUntil > now - SCARCE_MS) change(Math.min(maxEventsPerSecond, risenBy(events)), now)
  }

  function risenBy(events: number): number {
    if (!climb) return perSecond + events * RAMP_PER_EVENT
    climb.position += Math.min(events / perSecond / CLIMB_SECONDS, 1 / CLIMB_REQUESTS)
    return Math.max(perSecond, climb.peak * (1 + (1 - KEPT) * climb.position ** 3))
  }

  function refused(passedAt: number, now: number): void {
    if (passedAt <= refusedAt) return
    forgetUnused(now)
    if (takenSince) met = perSecond
    const before = perSecond
    change(Math.min(met, Math.max(lowest(now), before * KEPT)), now)
    const peak = Math.max(before, perSecond)
    climb = { peak, position: -Math.cbrt((1 - perSecond / peak) / (1 - KEPT)) }
    refusedAt = now
    takenSince = false
    unusedMs = 0
  }

  /**
   * A probe that is refused says that a minute's quota is full, and not that our rate is too high:
   * our share is what we had of that minute. Who had little was hardly the cause.
   */
  function lowest(now: number): number {
    if (takenSince) return floor
    return Math.max(floor, lastMinute.perSecond(now), Math.min(met, start) / 2)
  }

  /** What is owed is paid at the new rate. */
  function change(to: number, now: number): void {
    if (usedUntil > now) usedUntil = now + ((usedUntil - now) * perSecond) / to
    perSecond = to
  }

  function forgetUnused(now: number): void {
    const ms = now - BURST_MS - usedUntil
    if (ms <= 0) return
    usedUntil = now - BURST_MS
    unusedMs += ms
    if (unusedMs >= FADE_MS) climb = undefined
    if (perSecond > start) fade(Math.max(start / perSecond, Math.exp(-ms / FADE_MS)))
  }

  function fade(factor: number): void {
    perSecond *= factor
    if (climb) climb.peak *= factor
  }
}

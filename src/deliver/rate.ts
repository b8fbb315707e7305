export interface RateOptions {
  /** The upper bound of the rate. The rate starts at a tenth of it. */
  readonly maxEventsPerSecond: number
}

/**
 * The sending rate of one instance: a token bucket whose height follows Mixpanel's answers. It is
 * pure except for its own state. Instants are arguments, in monotonic ms that never step back.
 */
export interface Rate {
  /** Returns the instant from which the next batch is within the rate; often in the past. */
  turnAt(now: number): number
  /** Called when a batch is sent. */
  sent(events: number, now: number): void
  /**
   * Called when Mixpanel imported a batch that passed at `passedAt`. The rate rises if it is what
   * limits us.
   */
  taken(events: number, passedAt: number, now: number): void
  /**
   * Called when Mixpanel answered 429 to a batch that passed at `passedAt`. The rate falls, once a
   * round trip.
   */
  refused(passedAt: number, now: number): void
  /** Called when no batch may pass until an instant. That time is neither saved up nor unused. */
  rest(until: number): void
  eventsPerSecond(now: number): number
}

/** The longest time for which unused rate is saved up. */
const BURST_MS = 1_000
/** The share at the start. Ten instances that start together begin with one quota among them. */
const START_SHARE = 1 / 10
const FLOOR_SHARE = 1 / 300
/** The share of the rate that is left after a 429. */
const KEPT = 0.7
/** The rise for each imported event until the first 429: the rate doubles in 0.9 s. */
const RAMP_PER_EVENT = 0.8
/** The time from a 429 back to the rate that met it. It takes at least so many requests, too. */
const CLIMB_SECONDS = 45
const CLIMB_REQUESTS = 75
/** The saved-up time below which the rate is what limits us. */
const SCARCE_MS = 100
/**
 * The time in which an unused rate falls to a third. The peak is forgotten after it, too. A topic
 * that rests for some minutes does not begin anew.
 */
const FADE_MS = 600_000
/** The seconds of a minute that are counted. */
const SLOTS = 60

/**
 * Makes a rate that moves as docs/decisions/0012 says. It falls by 30 % on a 429. It rises fast
 * until the first one. After that it follows a cubic curve that is flat near the rate of the last
 * 429, and steep well past it.
 */
export function createRate({ maxEventsPerSecond }: RateOptions, startAt: number): Rate {
  const start = maxEventsPerSecond * START_SHARE
  const floor = maxEventsPerSecond * FLOOR_SHARE
  const lastMinute = createLastMinute()
  let perSecond = start
  /** The instant up to which the rate is used up. */
  let usedUntil = startAt - BURST_MS
  let refusedAt = Number.NEGATIVE_INFINITY
  let takenSince = true
  /** The rate that met the first 429 since the last import. */
  let met = start
  /**
   * The rate that met the last 429, and the position of the climb: -1 at 70 % of that rate, 0 at
   * it.
   */
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
   * Returns the lowest rate after a 429. A refused probe shows that the quota of the minute is
   * full, and not that our rate is too high. Our share is the events of that minute that were
   * imported. An instance with few of them was hardly the cause.
   */
  function lowest(now: number): number {
    if (takenSince) return floor
    return Math.max(floor, lastMinute.perSecond(now), Math.min(met, start) / 2)
  }

  /** Changes the rate. Events that were sent ahead are paid off at the new rate. */
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

/** A count of the last minute, to the second. Instants are monotonic ms. */
export interface LastMinute {
  add(amount: number, now: number): void
  perSecond(now: number): number
}

/** Makes a ring of seconds. A second is forgotten when it is a minute old. */
export function createLastMinute(): LastMinute {
  /** The second that a slot counts, and the amount of that second. */
  const seconds = new Float64Array(SLOTS).fill(Number.NEGATIVE_INFINITY)
  const amounts = new Float64Array(SLOTS)

  return { add, perSecond }

  function add(amount: number, now: number): void {
    const second = Math.floor(now / 1_000)
    const slot = second % SLOTS
    const before = seconds[slot] === second ? (amounts[slot] ?? 0) : 0
    seconds[slot] = second
    amounts[slot] = before + amount
  }

  function perSecond(now: number): number {
    const oldest = Math.floor(now / 1_000) - SLOTS
    const recent = amounts.filter((_, slot) => (seconds[slot] ?? 0) > oldest)
    return recent.reduce((total, amount) => total + amount, 0) / SLOTS
  }
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createLastMinute, createRate, type Rate } from '../../src/deliver/rate.ts'

/** Starts at 3,000 events/s; its floor is 100. */
const MAX = 30_000

function aRate(): Rate {
  return createRate({ maxEventsPerSecond: MAX }, 0)
}

/** A rate at `perSecond`, found at the instant 0 without a 429. */
function aRateAt(perSecond: number): Rate {
  const rate = aRate()
  rate.sent(3_000, 0)
  rate.taken((perSecond - 3_000) / 0.8, 0, 0)
  assert.equal(rate.eventsPerSecond(0), perSecond)
  return rate
}

/** That much was taken in the last minute, and the rate is as it is. */
function tookBefore(rate: Rate, events: number): void {
  rate.taken(events, Number.NEGATIVE_INFINITY, 0)
}

/** Uses a rate to the full, and all of it is taken at once; answers the instant it got to. */
function use(rate: Rate, from: number, ms: number): number {
  let now = from
  while (now < from + ms) {
    now = Math.max(now, rate.turnAt(now))
    rate.sent(2_000, now)
    rate.taken(2_000, now, now)
  }
  return now
}

function rounded(rate: Rate, now: number): number {
  return Math.round(rate.eventsPerSecond(now))
}

describe('a rate', () => {
  it('starts at a tenth of its bound, with a second of it saved up', () => {
    const rate = aRate()

    assert.equal(rate.eventsPerSecond(0), 3_000)
    assert.equal(rate.turnAt(0), -1_000)
    rate.sent(3_000, 0)
    assert.equal(rate.turnAt(0), 0)
    rate.sent(1_500, 0)
    assert.equal(rate.turnAt(0), 500)
  })

  it('saves up a second and no more', () => {
    const rate = aRate()
    rate.sent(6_000, 0)

    assert.equal(rate.turnAt(1_999), 1_000)
    assert.equal(rate.turnAt(2_001), 1_001)
  })

  it('forgets the unused rate, whatever is asked of it first', () => {
    const sent = aRate()
    sent.sent(3_000, 60_000)
    assert.equal(sent.turnAt(60_000), 60_000)

    const refused = aRateAt(24_000)
    refused.refused(601_000, 601_000)
    assert.equal(rounded(refused, 601_000), Math.round((24_000 * 0.7) / Math.E))
  })

  it('pays off at the new rate what was sent ahead', () => {
    const rate = aRate()
    rate.sent(9_000, 0)
    assert.equal(rate.turnAt(0), 2_000)

    rate.taken(3_750, 0, 500)

    assert.equal(rate.eventsPerSecond(500), 6_000)
    assert.equal(rate.turnAt(500), 500 + 750)
  })

  it('neither saves up nor fades while it rests', () => {
    const rate = aRateAt(20_000)

    rate.rest(500_000)

    assert.equal(rate.turnAt(0), 500_000)
    assert.equal(rate.eventsPerSecond(501_000), 20_000)
    rate.rest(400_000)
    assert.equal(rate.turnAt(501_000), 500_000)
  })
})

describe('a rate that goes up', () => {
  it('rises by four fifths of the imported events until the first 429, to its bound', () => {
    const rate = aRate()
    rate.sent(6_000, 0)

    rate.taken(2_000, 0, 0)
    assert.equal(rate.eventsPerSecond(0), 4_600)
    rate.taken(1_000_000, 0, 0)
    assert.equal(rate.eventsPerSecond(0), MAX)
  })

  it('reaches nine tenths of the bound within three seconds', () => {
    const rate = aRate()

    const now = use(rate, 0, 2_900)

    assert.ok(rate.eventsPerSecond(now) >= 0.9 * MAX)
  })

  it('rises only if it is what holds us back: less than a tenth of a second is saved up', () => {
    for (const [events, expected] of [
      [2_600, 3_000],
      [2_700, 3_000],
      [2_701, 3_800],
    ] as const) {
      const rate = aRate()
      rate.sent(events, 0)

      rate.taken(1_000, 0, 0)

      assert.equal(rate.eventsPerSecond(0), expected)
    }
  })

  it('does not creep up when little is sent, however long', () => {
    const rate = aRate()

    for (let now = 0; now < 3_600_000; now += 100) {
      rate.sent(100, now)
      rate.taken(100, now, now + 50)
    }

    assert.equal(rate.eventsPerSecond(3_600_000), 3_000)
  })

  it('fades to where it started when it is not used', () => {
    const rate = aRateAt(24_000)
    rate.rest(0)

    assert.equal(rounded(rate, 1_000), 24_000)
    assert.equal(rounded(rate, 601_000), Math.round(24_000 / Math.E))
    assert.equal(rounded(rate, 1_201_000), Math.round(24_000 / Math.E ** 2))
    assert.equal(rounded(rate, 6_000_000), 3_000)
  })

  it('fades alike however often it is asked for', () => {
    const [often, once] = [aRateAt(24_000), aRateAt(24_000)]

    for (let now = 0; now < 600_000; now += 100) often.eventsPerSecond(now)

    assert.equal(rounded(often, 600_000), rounded(once, 600_000))
  })
})

describe('a rate that meets a 429', () => {
  it('falls by 30 %', () => {
    const rate = aRateAt(20_000)

    rate.refused(10, 20)

    assert.equal(rate.eventsPerSecond(20), 14_000)
  })

  it('falls once a round trip', () => {
    const rate = aRateAt(20_000)
    rate.refused(10, 20)

    rate.refused(11, 30)
    rate.refused(20, 40)
    assert.equal(rate.eventsPerSecond(40), 14_000)
    rate.taken(1, 21, 41)
    rate.refused(21, 50)
    assert.equal(rounded(rate, 50), 9_800)
  })

  it('does not rise for imports that were sent before the 429', () => {
    const rate = aRateAt(20_000)
    rate.refused(10, 20)
    rate.sent(100_000, 20)

    rate.taken(100_000, 20, 30)
    assert.equal(rate.eventsPerSecond(30), 14_000)
    rate.taken(1, 21, 30)
    assert.ok(rate.eventsPerSecond(30) > 14_000)
  })

  it('never falls below a three-hundredth of its bound', () => {
    const rate = aRate()

    for (let now = 1; now < 50; now += 1) {
      rate.taken(0, now, now)
      rate.refused(now, now)
    }

    assert.equal(rate.eventsPerSecond(50), 100)
  })

  it('falls to the imports of the last minute, and no further, while probes are refused', () => {
    const rate = aRateAt(20_000)
    tookBefore(rate, 60 * 12_000 - 21_250)

    const found = [1, 2, 3, 4].map((now) => {
      rate.refused(now, now)
      return rounded(rate, now)
    })

    assert.deepEqual(found, [14_000, 12_000, 12_000, 12_000])
  })

  it('comes back to the imports of the last minute when it fell too low', () => {
    const rate = aRateAt(20_000)
    tookBefore(rate, 60 * 18_000 - 21_250)

    rate.refused(1, 1)
    assert.equal(rate.eventsPerSecond(1), 14_000)
    rate.refused(2, 2)
    assert.equal(rate.eventsPerSecond(2), 18_000)
  })

  it('comes back no higher than it was, however much was imported', () => {
    const rate = aRateAt(20_000)
    tookBefore(rate, 60 * 29_000)

    rate.refused(1, 1)
    rate.refused(2, 2)

    assert.equal(rate.eventsPerSecond(2), 20_000)
  })

  it('falls to half its start at most while probes are refused and little was imported', () => {
    const rate = aRateAt(20_000)

    for (let now = 1; now < 50; now += 1) rate.refused(now, now)

    assert.equal(rate.eventsPerSecond(50), 1_500)
  })

  it('falls to half of itself at most when it was below its start', () => {
    const rate = aRate()
    for (let now = 1; now < 5; now += 1) {
      rate.refused(now, now)
      rate.taken(0, now + 0.5, now + 0.5)
    }
    const before = rate.eventsPerSecond(5)

    for (let now = 5; now < 50; now += 1) rate.refused(now, now)

    assert.equal(rounded(rate, 50), Math.round(before / 2))
  })
})

describe('a rate that climbs again', () => {
  for (const [secondsARequest, climbSeconds] of [
    [0.5, 45],
    [1, 75],
    [2, 150],
  ] as const) {
    it(`is back after ${climbSeconds} s with ${secondsARequest} s between requests, and hurries past it`, () => {
      const rate = aRate()
      rate.refused(1, 1)
      let now = 1

      for (const [part, expected] of [
        [0.25, 0.873],
        [0.5, 0.963],
        [0.75, 0.995],
        [1, 1],
        [1.25, 1.005],
        [1.5, 1.037],
        [2, 1.3],
      ] as const) {
        while (now < part * climbSeconds * 1_000) now = requested(now)
        const share = rate.eventsPerSecond(now) / 3_000
        assert.ok(Math.abs(share - expected) < 0.03, `${share} after ${part}`)
      }

      function requested(from: number): number {
        const events = rate.eventsPerSecond(from) * secondsARequest
        const at = Math.max(from, rate.turnAt(from))
        rate.sent(events, at)
        rate.taken(events, at + 0.1, at + 0.1)
        return rate.turnAt(at + 0.1)
      }
    })
  }

  it('never falls after an import', () => {
    const rate = aRateAt(20_000)
    tookBefore(rate, 60 * 18_000)
    rate.refused(1, 1)
    rate.refused(2, 2)
    rate.sent(100_000, 2)

    let last = rate.eventsPerSecond(2)
    for (let now = 3; now < 300; now += 1) {
      rate.taken(100, now, now)
      assert.ok(rate.eventsPerSecond(now) >= last)
      last = rate.eventsPerSecond(now)
    }
  })

  it('forgets the 429 when ten minutes of it were not used, and rises fast again', () => {
    for (const [idleMs, rises] of [
      [599_000, false],
      [601_000, true],
    ] as const) {
      const rate = aRate()
      rate.refused(1, 1)
      rate.rest(1)
      const now = 1 + 1_000 + idleMs
      assert.equal(rounded(rate, now), 2_100)

      rate.sent(10_000, now)
      rate.taken(1_000, now, now)

      assert.equal(rounded(rate, now) === 2_900, rises)
    }
  })

  it('fades together with the peak that it remembers', () => {
    const rate = aRateAt(24_000)
    rate.refused(1, 1)
    rate.rest(1)

    const now = 301_001
    const faded = rate.eventsPerSecond(now)
    assert.equal(Math.round(faded), Math.round(24_000 * 0.7 * Math.exp(-0.5)))
    rate.sent(faded * 60, now)
    for (let request = 0; request < 75; request += 1) rate.taken(faded, now, now)

    assert.ok(Math.abs(rate.eventsPerSecond(now) - faded / 0.7) < 1)
  })
})

describe('a rate, whatever comes', () => {
  const STEP = fc.record({
    kind: fc.constantFrom('sent', 'taken', 'refused', 'rest'),
    events: fc.integer({ min: 1, max: 2_000 }),
    afterMs: fc.nat({ max: 20_000 }),
    flightMs: fc.nat({ max: 5_000 }),
  })

  it('stays between its floor and its bound', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 100 }), (steps) => {
        const rate = aRate()
        let now = 0
        for (const { kind, events, afterMs, flightMs } of steps) {
          now += afterMs
          if (kind === 'sent') rate.sent(events, now)
          if (kind === 'taken') rate.taken(events, now - flightMs, now)
          if (kind === 'refused') rate.refused(now - flightMs, now)
          if (kind === 'rest') rate.rest(now + flightMs)
          const found = rate.eventsPerSecond(now)
          assert.ok(found >= MAX / 300 && found <= MAX, `${found}`)
          assert.ok(rate.turnAt(now) >= now - 1_000)
        }
      }),
    )
  })
})

describe('the last minute', () => {
  it('is empty at first', () => {
    assert.equal(createLastMinute().perSecond(12_345), 0)
  })

  it('remembers a second for sixty', () => {
    const minute = createLastMinute()
    minute.add(60, 900)
    minute.add(120, 1_000)

    assert.equal(minute.perSecond(59_999), 3)
    assert.equal(minute.perSecond(60_000), 2)
    assert.equal(minute.perSecond(60_999), 2)
    assert.equal(minute.perSecond(61_000), 0)
  })

  it('forgets everything in a long pause', () => {
    const minute = createLastMinute()
    for (let now = 0; now < 60_000; now += 1_000) minute.add(60, now)
    assert.equal(minute.perSecond(59_000), 60)

    minute.add(60, 1e12)

    assert.equal(minute.perSecond(1e12), 1)
  })

  it('holds what a list of all would', () => {
    const entry = fc.record({ afterMs: fc.nat({ max: 30_000 }), amount: fc.nat({ max: 100 }) })
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), fc.array(entry), (startAt, entries) => {
        const minute = createLastMinute()
        const all: { second: number; amount: number }[] = []
        let now = startAt
        for (const { afterMs, amount } of entries) {
          now += afterMs
          minute.add(amount, now)
          all.push({ second: Math.floor(now / 1_000), amount })
          const recent = all.filter(({ second }) => second > Math.floor(now / 1_000) - 60)
          const total = recent.reduce((sum, one) => sum + one.amount, 0)
          assert.equal(minute.perSecond(now), total / 60)
        }
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createGate, type Passage } from '../../src/deliver/gate.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const OPTIONS = { initialMs: 2_000, maxMs: 60_000, maxEventsPerSecond: 1_000 }
const ALMOST_ONE = 1 - 2 ** -53

const never = (): number => Number.POSITIVE_INFINITY
const failed = (attempt: number, retryAfter?: string) => ({ attempt, retryAfter })

function aGate({ random = 0.5, clock = createFakeClock() } = {}) {
  return { clock, ...createGate(OPTIONS, { clock, random: () => random }) }
}

/** Notes, in order, when each passage was decided, and how. */
function createNotes(clock: Clock) {
  const notes: [at: number, name: string, passage: Passage][] = []
  const note = (name: string, passing: Promise<Passage>): void => {
    passing.then((passage) => notes.push([clock.monotonic(), name, passage]))
  }
  return { notes, note }
}

describe('a gate', () => {
  it('lets a batch pass at once while there is nothing to wait for', async () => {
    const { pass } = aGate()

    assert.equal(await pass(1_000, never), 'open')
  })

  it('spreads what is sent: after a burst of a second’s worth, batches wait for the rate', async () => {
    const { clock, pass } = aGate()
    const { notes, note } = createNotes(clock)

    for (const name of ['a', 'b', 'c', 'd', 'e']) note(name, pass(500, never))
    await clock.advance(60_000)
    for (const name of ['f', 'g', 'h', 'i']) note(name, pass(500, never))
    await clock.advance(10_000)

    assert.deepEqual(notes, [
      [0, 'a', 'open'],
      [0, 'b', 'open'],
      [0, 'c', 'open'],
      [500, 'd', 'open'],
      [1_000, 'e', 'open'],
      [60_000, 'f', 'open'],
      [60_000, 'g', 'open'],
      [60_000, 'h', 'open'],
      [60_500, 'i', 'open'],
    ])
  })

  it('lets nobody pass whose time is up, open as it may be', async () => {
    const { clock, pass } = aGate()
    await clock.advance(100)

    assert.equal(await pass(1, () => 100), 'deadline')
  })

  it('turns away at once who would have to wait past their time', async () => {
    const { clock, pass, closeFor } = aGate()
    const { notes, note } = createNotes(clock)
    closeFor(failed(1, '5'))

    note(
      'hasty',
      pass(1, () => 5_000),
    )
    note(
      'patient',
      pass(1, () => 5_001),
    )
    await clock.advance(5_000)

    assert.deepEqual(notes, [
      [0, 'hasty', 'throttled'],
      [5_000, 'patient', 'open'],
    ])
  })

  const waits = [
    { name: 'the seconds of a Retry-After', retryAfter: '7', ms: 7_000 },
    {
      name: 'until the date of a Retry-After',
      retryAfter: 'Thu, 01 Jan 2026 00:00:09 GMT',
      ms: 9_000,
    },
    { name: 'a minute for a Retry-After of more', retryAfter: '86400', ms: 60_000 },
    { name: 'its back-off without a Retry-After', retryAfter: undefined, ms: 1_000 },
    { name: 'its back-off for a Retry-After of nothing', retryAfter: '0', ms: 1_000 },
    { name: 'its back-off for a Retry-After that cannot be read', retryAfter: 'soon', ms: 1_000 },
  ]
  for (const { name, retryAfter, ms } of waits) {
    it(`waits ${name} before another attempt`, async () => {
      const { clock, passAgain } = aGate({ random: 0.5 })
      const { notes, note } = createNotes(clock)

      note('again', passAgain(1, failed(1, retryAfter), never))
      await clock.advance(100_000)

      assert.deepEqual(notes, [[ms, 'again', 'open']])
    })
  }

  it('doubles the back-off from attempt to attempt, to a minute', async () => {
    const { clock, passAgain } = aGate({ random: ALMOST_ONE })
    const { notes, note } = createNotes(clock)

    for (const attempt of [1, 2, 3, 7]) note(`${attempt}`, passAgain(1, failed(attempt), never))
    await clock.advance(100_000)

    assert.deepEqual(
      notes.map(([at]) => at),
      [1_999, 3_999, 7_999, 59_999],
    )
  })

  it('closes for all senders, new ones and those about to try again', async () => {
    const { clock, pass, passAgain, closeFor, closed } = aGate({ random: 0 })
    const { notes, note } = createNotes(clock)
    note('again', passAgain(1, failed(1, '3'), never))
    await clock.advance(1_000)

    closeFor(failed(1, '10'))
    note('new', pass(1, never))
    assert.equal(closed(), true)
    await clock.advance(9_999)
    assert.equal(notes.length, 0)

    await clock.advance(1)
    assert.deepEqual(notes, [
      [11_000, 'new', 'open'],
      [11_000, 'again', 'open'],
    ])
    assert.equal(closed(), false)
  })

  it('stays closed for the longest that was asked', async () => {
    const { clock, pass, closeFor } = aGate()
    const { notes, note } = createNotes(clock)

    closeFor(failed(1, '10'))
    closeFor(failed(1, '2'))
    note('new', pass(1, never))
    await clock.advance(20_000)

    assert.deepEqual(notes, [[10_000, 'new', 'open']])
  })

  it('counts an attempt that is made again like any other', async () => {
    const { clock, pass, passAgain } = aGate({ random: 0 })
    const { notes, note } = createNotes(clock)

    note('first', pass(4_000, never))
    note('again', passAgain(4_000, failed(1), never))
    await clock.advance(3_000)
    note('third', pass(1, never))
    await clock.advance(10_000)

    assert.deepEqual(notes, [
      [0, 'first', 'open'],
      [3_000, 'again', 'open'],
      [7_000, 'third', 'open'],
    ])
  })

  it('ends every pause when it drains, and begins no other', async () => {
    const { clock, pass, passAgain, closeFor, drain, draining } = aGate()
    const { notes, note } = createNotes(clock)
    closeFor(failed(1, '60'))
    note('new', pass(1, never))
    note('again', passAgain(1, failed(1), never))
    await clock.advance(500)
    assert.equal(draining(), false)

    drain()
    await clock.advance(0)
    note('later', pass(1, never))
    note('later again', passAgain(1, failed(1), never))
    await clock.advance(60_000)

    assert.equal(draining(), true)
    assert.deepEqual(notes, [
      [500, 'new', 'draining'],
      [500, 'again', 'draining'],
      [500, 'later', 'draining'],
      [500, 'later again', 'draining'],
    ])
  })

  it('makes no other attempt when it drains, open as it may be', async () => {
    const { clock, passAgain, drain } = aGate()
    const { notes, note } = createNotes(clock)
    note('again', passAgain(1, failed(1), never))
    await clock.advance(500)

    drain()
    await clock.advance(0)

    assert.deepEqual(notes, [[500, 'again', 'draining']])
  })

  it('lets pass while it drains what need not wait', async () => {
    const { pass, drain } = aGate()

    drain()

    assert.equal(await pass(1, never), 'open')
  })
})

describe('a gate, whatever comes', () => {
  const SENDER = fc.record({
    events: fc.integer({ min: 1, max: 2_000 }),
    startMs: fc.nat({ max: 5_000 }),
    timeMs: fc.nat({ max: 20_000 }),
    /** 0: none has failed yet. */
    attempt: fc.nat({ max: 8 }),
    retryAfter: fc.option(fc.constantFrom<string>('0', '1', '5', '90', 'soon'), { nil: undefined }),
    throttled: fc.boolean(),
    random: fc.double({ min: 0, max: ALMOST_ONE, noNaN: true }),
  })
  type Sender = typeof SENDER extends fc.Arbitrary<infer T> ? T : never

  /** What was decided about each sender and when, in that order. */
  async function run(senders: readonly Sender[]) {
    const clock = createFakeClock()
    const decided: (Sender & { at: number; passage: Passage; closed: boolean })[] = []
    let random = 0
    const gate = createGate(OPTIONS, { clock, random: () => random })
    for (const one of senders) {
      clock.after(one.startMs, async () => {
        random = one.random
        const until = (): number => one.startMs + one.timeMs
        const attempt = failed(one.attempt, one.retryAfter)
        if (one.throttled) gate.closeFor(attempt)
        const passage = await (one.attempt === 0
          ? gate.pass(one.events, until)
          : gate.passAgain(one.events, attempt, until))
        decided.push({ ...one, passage, at: clock.monotonic(), closed: gate.closed() })
      })
    }
    await clock.advance(200_000)
    return decided
  }

  it('decides about everybody, and lets nobody pass while it is closed, or past their time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(SENDER, { maxLength: 12 }), async (senders) => {
        const decided = await run(senders)

        assert.equal(decided.length, senders.length)
        for (const { passage, at, closed, startMs, timeMs } of decided) {
          assert.ok(['open', 'deadline', 'throttled'].includes(passage))
          assert.ok(at <= startMs + timeMs)
          if (passage === 'open') assert.ok(!closed && at < startMs + timeMs)
        }
      }),
    )
  })

  it('never sends more than its rate, a burst of one second and one batch', async () => {
    const patient = SENDER.map((one) => ({ ...one, timeMs: 1_000_000 }))
    await fc.assert(
      fc.asyncProperty(fc.array(patient, { maxLength: 12 }), async (senders) => {
        const sent = await run(senders)

        for (const [from, first] of sent.entries()) {
          let before = 0
          for (const { events, at } of sent.slice(from)) {
            const seconds = (at - first.at) / 1_000 + 1
            assert.ok(before <= seconds * OPTIONS.maxEventsPerSecond + 1e-6)
            before += events
          }
        }
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type AttemptEnd, createGate, type Gate } from '../../src/deliver/gate.ts'
import type { GateAnswer, Permit } from '../../src/deliver/gate-answer.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'

/** The rate starts at a tenth of the bound: 1,000 events/s. */
const OPTIONS = { initialMs: 2_000, maxMs: 60_000, maxEventsPerSecond: 10_000 }
const ALMOST_ONE = 1 - 2 ** -53

const TAKEN: AttemptEnd = { kind: 'taken', events: 1 }
const FAILED: AttemptEnd = { kind: 'failed', retryAfter: undefined }
const THROTTLED: AttemptEnd = { kind: 'throttled', retryAfter: undefined }
const MISCONFIGURED: AttemptEnd = { kind: 'misconfigured' }
const throttledFor = (retryAfter: string): AttemptEnd => ({ kind: 'throttled', retryAfter })
const failedFor = (retryAfter: string): AttemptEnd => ({ kind: 'failed', retryAfter })

const never = (): number => Number.POSITIVE_INFINITY
const failed = (attempt: number, retryAfter?: string) => ({ attempt, retryAfter })

function aGate({ random = (): number => 0.5, maxConcurrency = Infinity } = {}) {
  const clock = createFakeClock()
  return { clock, gate: createGate({ ...OPTIONS, maxConcurrency }, { clock, random }) }
}

/** Notes, in order, when the gate answered, and how. */
function createNotes(clock: FakeClock) {
  const notes: [at: number, name: string, how: string][] = []
  const note = (name: string, passing: Promise<GateAnswer>): void => {
    void passing.then((answer) => {
      const how = answer.kind === 'give_back' ? answer.reason : answer.kind
      notes.push([Math.round(clock.monotonic()), name, how])
    })
  }
  return { notes, note }
}

/** Passes at once, or the test is wrong. */
async function passed(gate: Gate, events = 1): Promise<Permit> {
  const answer = await gate.pass(events, never)
  assert.ok(answer.kind === 'permit')
  return answer
}

/** An attempt that ends at once in that way. */
async function attempted(gate: Gate, end: AttemptEnd): Promise<void> {
  gate.ended(await passed(gate), end)
}

describe('a batch that no push waits for', () => {
  const past = (): number => 0
  const soon = (): number => 20_000

  it('passes with rate that was saved up, and leaves no debt', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await clock.advance(1)

    note('a', gate.pass(500, past, soon))
    note('b', gate.pass(500, past, soon))
    note('c', gate.pass(500, past, soon))
    await clock.advance(2_000)

    assert.deepEqual(notes, [
      [1, 'a', 'permit'],
      [1, 'b', 'permit'],
      [501, 'c', 'permit'],
    ])
    await passed(gate)
  })

  it('passes although it needs more rate than is ever saved up', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await clock.advance(1)

    note('a', gate.pass(5_000, past, soon))
    await clock.advance(1)

    assert.deepEqual(notes, [[1, 'a', 'permit']])
  })

  it('waits for all batches that a push waits for', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await passed(gate, 2_000)
    note('alone', gate.pass(100, past, soon))
    note('attended', gate.pass(1_000, never))

    await clock.advance(5_000)

    assert.deepEqual(
      notes.map(([, name, how]) => [name, how]),
      [
        ['attended', 'permit'],
        ['alone', 'permit'],
      ],
    )
  })

  it('goes back at once when Mixpanel wants a pause, or it failed itself', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await clock.advance(1)
    note('failed', gate.passAgain(1, failed(1), past, soon))
    await attempted(gate, THROTTLED)
    note('throttled', gate.pass(1, past, soon))
    await clock.advance(0)

    assert.deepEqual(notes, [
      [1, 'failed', 'throttled'],
      [1, 'throttled', 'throttled'],
    ])
  })

  it('goes back while credentials are refused', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, MISCONFIGURED)

    note(
      'a',
      gate.pass(1, () => 5_000, soon),
    )
    await clock.advance(4_999)
    assert.deepEqual(notes, [])
    await clock.advance(1)

    assert.deepEqual(notes, [[5_000, 'a', 'misconfigured']])
  })

  it('goes back when its time is up, which may be moved', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    let until = 20_000
    await passed(gate, 30_000)
    note(
      'moved',
      gate.pass(1, past, () => until),
    )
    note('kept', gate.pass(1, past, soon))
    await clock.advance(10)

    until = 10
    gate.review()
    await clock.advance(30_000)

    assert.deepEqual(notes, [
      [10, 'moved', 'throttled'],
      [20_000, 'kept', 'throttled'],
    ])
  })

  it('yields its slot to a batch that a push waits for', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await passed(gate, 4_000)
    note('first', gate.pass(1, past, soon))
    note('second', gate.pass(1, past, soon))
    note('attended', gate.pass(1, never))

    gate.yieldSlot()
    await clock.advance(0)
    assert.deepEqual(notes, [[0, 'second', 'yield']])
    gate.yieldSlot()
    gate.yieldSlot()
    await clock.advance(0)

    assert.deepEqual(notes.slice(1), [[0, 'first', 'yield']])
  })

  it('waits for the rate until its push has no more time', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await passed(gate, 4_000)

    note(
      'goes on',
      gate.pass(100, () => 1_000, soon),
    )
    note(
      'must not',
      gate.pass(100, () => 1_000),
    )
    await clock.advance(10_000)

    assert.deepEqual(notes, [
      [0, 'must not', 'throttled'],
      [3_100, 'goes on', 'permit'],
    ])
  })
})

describe('a gate', () => {
  it('lets a batch pass at once while there is nothing to wait for', async () => {
    const { clock, gate } = aGate()
    await clock.advance(7)

    assert.deepEqual(await gate.pass(1_000, never), { kind: 'permit', at: 7 })
    assert.equal(clock.pending(), 0)
  })

  it('spreads batches: after a burst of one second they wait for the rate', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)

    for (const name of ['a', 'b', 'c', 'd', 'e']) note(name, gate.pass(500, never))
    await clock.advance(60_000)
    for (const name of ['f', 'g', 'h', 'i']) note(name, gate.pass(500, never))
    await clock.advance(10_000)

    assert.deepEqual(notes, [
      [0, 'a', 'permit'],
      [0, 'b', 'permit'],
      [0, 'c', 'permit'],
      [500, 'd', 'permit'],
      [1_000, 'e', 'permit'],
      [60_000, 'f', 'permit'],
      [60_000, 'g', 'permit'],
      [60_000, 'h', 'permit'],
      [60_500, 'i', 'permit'],
    ])
  })

  it('lets a batch pass earlier when imports meanwhile have raised the rate', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const first = await passed(gate, 4_000)
    note('second', gate.pass(1, never))

    gate.ended(first, { kind: 'taken', events: 1_250 })
    assert.equal(gate.eventsPerSecond(), 2_000)
    await clock.advance(3_000)

    assert.deepEqual(notes, [[1_500, 'second', 'permit']])
  })

  it('lets a batch pass after those that wait, although the timer is late', async () => {
    const clock = createFakeClock()
    let lagMs = 0
    const late = { ...clock, monotonic: () => clock.monotonic() + lagMs }
    const options = { ...OPTIONS, maxConcurrency: Infinity }
    const gate = createGate(options, { clock: late, random: () => 0.5 })
    const { notes, note } = createNotes(clock)
    await passed(gate, 5_000)
    note('first', gate.pass(1_000, never))
    lagMs = 4_500

    note('second', gate.pass(1, never))
    await clock.advance(0)

    assert.deepEqual(
      notes.map(([, name]) => name),
      ['first'],
    )
  })

  it('counts an attempt that is made again like any other', async () => {
    const { clock, gate } = aGate({ random: () => 0 })
    const { notes, note } = createNotes(clock)

    note('first', gate.pass(4_000, never))
    note('again', gate.passAgain(4_000, failed(1), never))
    await clock.advance(3_000)
    note('third', gate.pass(1, never))
    await clock.advance(10_000)

    assert.deepEqual(notes, [
      [0, 'first', 'permit'],
      [3_000, 'again', 'permit'],
      [7_000, 'third', 'permit'],
    ])
  })

  it('lets no batch pass whose time is up, even when the circuit is open', async () => {
    const { clock, gate } = aGate()
    await clock.advance(100)

    for (const passing of [gate.pass(1, () => 100), gate.passAgain(1, failed(1), () => 99)]) {
      assert.deepEqual(await passing, { kind: 'give_back', reason: 'deadline' })
    }
  })

  it('gives a batch back at once when the rate would keep it waiting past its time', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await passed(gate, 6_000)

    note(
      'hasty',
      gate.pass(1, () => 5_000),
    )
    note(
      'patient',
      gate.pass(1, () => 5_001),
    )
    await clock.advance(5_000)

    assert.deepEqual(notes, [
      [0, 'hasty', 'throttled'],
      [5_000, 'patient', 'permit'],
    ])
  })

  it('has no rate above its bound', async () => {
    const { gate } = aGate()

    gate.ended(await passed(gate, 1), { kind: 'taken', events: 1 })
    gate.ended(await passed(gate, 40_000), { kind: 'taken', events: 40_000 })

    assert.equal(gate.eventsPerSecond(), 10_000)
  })
})

describe('a gate with as many attempts under way as there may be', () => {
  it('lets the next batch pass when one has ended, however it did', async () => {
    for (const end of [TAKEN, FAILED]) {
      const { clock, gate } = aGate({ maxConcurrency: 2 })
      const { notes, note } = createNotes(clock)
      const first = await passed(gate)
      await passed(gate)
      note('a', gate.pass(1, never))
      note('b', gate.pass(1, never))
      await clock.advance(60_000)
      assert.deepEqual(notes, [])

      gate.ended(first, end)
      await clock.advance(0)

      assert.deepEqual(notes, [[60_000, 'a', 'permit']])
    }
  })

  it('lets another batch pass while one backs off', async () => {
    const { clock, gate } = aGate({ maxConcurrency: 1 })
    const { notes, note } = createNotes(clock)
    await attempted(gate, FAILED)

    note('again', gate.passAgain(1, failed(1), never))
    note('other', gate.pass(1, never))
    await clock.advance(0)

    assert.deepEqual(notes, [[0, 'other', 'permit']])
  })

  it('gives a batch back at the end of its time, which Mixpanel has not taken', async () => {
    const { clock, gate } = aGate({ maxConcurrency: 1 })
    const { notes, note } = createNotes(clock)
    await passed(gate)

    note(
      'attended',
      gate.pass(1, () => 5_000),
    )
    note(
      'unattended',
      gate.pass(
        1,
        () => 0,
        () => 9_000,
      ),
    )
    await clock.advance(9_000)

    assert.deepEqual(notes, [
      [5_000, 'attended', 'deadline'],
      [9_000, 'unattended', 'deadline'],
    ])
  })

  it('lets a batch that no push waits for pass after the others', async () => {
    const { clock, gate } = aGate({ maxConcurrency: 1 })
    const { notes, note } = createNotes(clock)
    await clock.advance(1)
    const first = await passed(gate)
    note(
      'unattended',
      gate.pass(1, () => 0, never),
    )
    note('attended', gate.pass(1, never))

    gate.ended(first, TAKEN)
    await clock.advance(0)

    assert.deepEqual(notes, [[1, 'attended', 'permit']])
  })

  it('counts the end of an attempt once', async () => {
    const { clock, gate } = aGate({ maxConcurrency: 2 })
    const { notes, note } = createNotes(clock)
    const first = await passed(gate)
    await passed(gate)
    gate.ended(first, TAKEN)
    gate.ended(first, TAKEN)

    note('a', gate.pass(1, never))
    note('b', gate.pass(1, never))
    await clock.advance(0)

    assert.deepEqual(notes, [[0, 'a', 'permit']])
  })
})

describe('another attempt', () => {
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
    it(`waits ${name}`, async () => {
      const { clock, gate } = aGate()
      const { notes, note } = createNotes(clock)

      note('again', gate.passAgain(1, failed(1, retryAfter), never))
      await clock.advance(100_000)

      assert.deepEqual(notes, [[ms, 'again', 'permit']])
    })
  }

  it('waits twice as long from attempt to attempt, to a minute', async () => {
    const { clock, gate } = aGate({ random: () => ALMOST_ONE })
    const { notes, note } = createNotes(clock)

    for (const attempt of [1, 2, 3, 7])
      note(`${attempt}`, gate.passAgain(1, failed(attempt), never))
    await clock.advance(100_000)

    assert.deepEqual(
      notes.map(([at]) => at),
      [1_999, 3_999, 7_999, 59_999],
    )
  })

  it('goes back at once when its back-off ends past its time', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)

    note(
      'hasty',
      gate.passAgain(1, failed(1), () => 1_000),
    )
    note(
      'patient',
      gate.passAgain(1, failed(1), () => 1_001),
    )
    await clock.advance(1_000)

    assert.deepEqual(notes, [
      [0, 'hasty', 'throttled'],
      [1_000, 'patient', 'permit'],
    ])
  })

  it('holds no other batch up while it backs off', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)

    note('again', gate.passAgain(1, failed(1), never))
    note('new', gate.pass(1, never))
    await clock.advance(0)

    assert.deepEqual(notes, [[0, 'new', 'permit']])
  })
})

describe('a gate after a 429', () => {
  it('pauses all batches, lets one probe, and then the others when Mixpanel has imported it', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, THROTTLED)

    const probing = gate.pass(1, never)
    note('probe', probing)
    note('again', gate.passAgain(1, failed(1), never))
    note('new', gate.pass(1, never))
    await clock.advance(1_499)
    assert.deepEqual(notes, [])
    assert.equal(gate.isPaused(), true)
    await clock.advance(5_000)
    assert.deepEqual(notes, [[1_500, 'probe', 'permit']])
    assert.equal(gate.isPaused(), true)

    const probe = await probing
    if (probe.kind === 'permit') gate.ended(probe, TAKEN)
    await clock.advance(10)

    assert.equal(gate.isPaused(), false)
    assert.deepEqual(notes.slice(1), [
      [6_499, 'again', 'permit'],
      [6_499, 'new', 'permit'],
    ])
  })

  for (const [name, end] of [
    ['429', throttledFor('10')],
    ['other failure', failedFor('10')],
  ] as const) {
    it(`pauses for as long as the Retry-After of a ${name} asks`, async () => {
      const { clock, gate } = aGate()
      const { notes, note } = createNotes(clock)
      await attempted(gate, end)

      note('new', gate.pass(1, never))
      await clock.advance(20_000)

      assert.deepEqual(notes, [[10_000, 'new', 'permit']])
    })
  }

  it('pauses a minute at most, and a second at least', async () => {
    for (const [retryAfter, at] of [
      ['3600', 60_000],
      ['Thu, 01 Jan 2026 00:00:01 GMT', 1_400],
    ] as const) {
      const { clock, gate } = aGate()
      const { notes, note } = createNotes(clock)
      if (at === 1_400) await clock.advance(400)
      await attempted(gate, throttledFor(retryAfter))

      note('new', gate.pass(1, never))
      await clock.advance(100_000)

      assert.deepEqual(notes, [[at, 'new', 'permit']])
    }
  })

  it('does not pause after a failure that asks for nothing', async () => {
    const { gate } = aGate()

    await attempted(gate, FAILED)

    assert.equal(gate.isPaused(), false)
    await passed(gate)
  })

  it('pauses between a second and a ceiling that doubles with the refusals in a row', async () => {
    for (const [random, expected] of [
      [0, [1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000]],
      [0.5, [1_500, 2_500, 4_500, 8_500, 16_500, 30_500, 30_500]],
    ] as const) {
      const { clock, gate } = aGate({ random: () => random })
      await attempted(gate, THROTTLED)

      const pauses: number[] = []
      for (let probe = 1; probe <= expected.length; probe += 1) {
        const since = clock.monotonic()
        const passing = gate.pass(1, never)
        await clock.advance(100_000)
        const answer = await passing
        assert.ok(answer.kind === 'permit')
        pauses.push(Math.round(answer.at - since))
        gate.ended(answer, THROTTLED)
      }

      assert.deepEqual(pauses, expected)
    }
  })

  it('begins with the shortest pause again after an import', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    for (const end of [THROTTLED, THROTTLED, TAKEN, THROTTLED]) {
      const passing = gate.pass(1, never)
      await clock.advance(10_000)
      const answer = await passing
      if (answer.kind === 'permit') gate.ended(answer, end)
    }

    note('next', gate.pass(1, never))
    await clock.advance(10_000)

    assert.deepEqual(notes, [[41_500, 'next', 'permit']])
  })

  it('pauses no longer for the 429s of attempts that were under way', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const underWay = [await passed(gate), await passed(gate), await passed(gate)]
    await clock.advance(100)

    for (const permit of underWay) gate.ended(permit, THROTTLED)
    const probing = gate.pass(1, never)
    note('probe', probing)
    await clock.advance(2_000)
    const probe = await probing
    if (probe.kind === 'permit') gate.ended(probe, THROTTLED)
    note('second probe', gate.pass(1, never))
    await clock.advance(5_000)

    assert.deepEqual(notes, [
      [1_600, 'probe', 'permit'],
      [4_600, 'second probe', 'permit'],
    ])
  })

  it('waits for the longest Retry-After of the attempts that were under way', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const underWay = [await passed(gate), await passed(gate), await passed(gate)]
    const waits = ['2', '10', '3']

    for (const [index, permit] of underWay.entries()) {
      gate.ended(permit, throttledFor(waits[index] ?? ''))
    }
    note('new', gate.pass(1, never))
    await clock.advance(20_000)

    assert.deepEqual(notes, [[10_000, 'new', 'permit']])
  })

  it('learns nothing from attempts that were under way when it closed, once it is open again', async () => {
    const { clock, gate } = aGate()
    const late = [await passed(gate), await passed(gate), await passed(gate)]
    await attempted(gate, THROTTLED)
    await clock.advance(1_500)
    await attempted(gate, TAKEN)

    for (const [index, end] of [throttledFor('30'), MISCONFIGURED, failedFor('30')].entries()) {
      const permit = late[index]
      if (permit) gate.ended(permit, end)
    }

    assert.equal(gate.isPaused() || gate.isUnauthorized(), false)
    await clock.advance(10)
    await passed(gate)
  })

  it('stays closed when an attempt that was under way is imported', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const onItsWay = await passed(gate)
    await attempted(gate, THROTTLED)

    gate.ended(onItsWay, TAKEN)
    note('new', gate.pass(1, never))
    await clock.advance(1_500)

    assert.deepEqual(notes, [[1_500, 'new', 'permit']])
  })

  it('lets the next one probe at once when a probe fails', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, THROTTLED)
    const probing = gate.pass(1, never)
    note('probe', probing)
    note('next', gate.pass(1, never))
    note('third', gate.pass(1, never))
    await clock.advance(2_000)

    const probe = await probing
    if (probe.kind === 'permit') gate.ended(probe, FAILED)
    await clock.advance(1_000)

    assert.deepEqual(notes, [
      [1_500, 'probe', 'permit'],
      [2_000, 'next', 'permit'],
    ])
  })

  it('gives a batch back at once when the pause would keep it waiting past its time', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const second = await passed(gate)
    await attempted(gate, throttledFor('5'))

    note(
      'hasty',
      gate.pass(1, () => 5_000),
    )
    note(
      'patient',
      gate.pass(1, () => 5_001),
    )
    await clock.advance(1_000)
    gate.ended(second, throttledFor('5'))
    await clock.advance(0)

    assert.deepEqual(notes, [
      [0, 'hasty', 'throttled'],
      [1_000, 'patient', 'throttled'],
    ])
  })

  it('gives back a batch that waits for a probe when its time is up, which may have moved', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, THROTTLED)
    note('probe', gate.pass(1, never))
    let until = 3_000
    note(
      'moved',
      gate.pass(1, () => until),
    )
    note(
      'not moved',
      gate.pass(1, () => 3_000),
    )
    await clock.advance(2_000)

    until = 4_000
    await clock.advance(10_000)

    assert.deepEqual(notes, [
      [1_500, 'probe', 'permit'],
      [3_000, 'not moved', 'throttled'],
      [4_000, 'moved', 'throttled'],
    ])
    assert.equal(clock.pending(), 0)
  })

  it('lets no batch pass at the very end of its time', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, THROTTLED)
    const probing = gate.pass(1, never)
    await clock.advance(1_500)
    const probe = await probing
    clock.after(1_500, () => probe.kind === 'permit' && gate.ended(probe, TAKEN))

    note(
      'late',
      gate.pass(1, () => 3_000),
    )
    await clock.advance(10_000)

    assert.deepEqual(notes, [[3_000, 'late', 'throttled']])
  })

  it('is paused to the end of the pause, and no longer when no batch comes to probe', async () => {
    const { clock, gate } = aGate()
    await attempted(gate, throttledFor('5'))

    await clock.advance(4_999)
    assert.equal(gate.isPaused(), true)
    await clock.advance(1)
    assert.equal(gate.isPaused(), false)
  })

  it('saves up no rate during a pause', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, throttledFor('30'))
    const probing = gate.pass(70, never)
    note('next', gate.pass(70, never))
    note('third', gate.pass(70, never))
    await clock.advance(30_000)

    const probe = await probing
    if (probe.kind === 'permit') gate.ended(probe, FAILED)
    await clock.advance(1_000)
    assert.deepEqual(notes, [[30_100, 'next', 'permit']])
  })

  it('asks Mixpanel no more than once a second while it refuses sixteen batches for 20 s', async () => {
    const clock = createFakeClock()
    let random = 0
    const gate = createGate(
      { ...OPTIONS, maxEventsPerSecond: 30_000, maxConcurrency: 16 },
      { clock, random: () => (random = (random + 0.37) % 1) },
    )
    const requests: number[] = []
    const imported: number[] = []
    const until = (): number => 53_000

    for (let batch = 0; batch < 16; batch += 1) void deliver()
    await clock.advance(60_000)

    assert.ok(requests.filter((at) => at < 20_000).length <= 20, `${requests}`)
    assert.equal(imported.length, 16)
    assert.ok((imported[0] ?? 0) < 40_000 && (imported.at(-1) ?? 0) < 52_000, `${imported}`)
    assert.equal(clock.pending(), 0)

    async function deliver(): Promise<void> {
      let answer = await gate.pass(2_000, until)
      for (let attempt = 1; answer.kind === 'permit'; attempt += 1) {
        requests.push(clock.monotonic())
        await new Promise<void>((resolve) => clock.after(100, resolve))
        if (clock.monotonic() >= 20_000) {
          imported.push(clock.monotonic())
          return gate.ended(answer, { kind: 'taken', events: 2_000 })
        }
        gate.ended(answer, THROTTLED)
        answer = await gate.passAgain(2_000, failed(attempt), until)
      }
    }
  })
})

describe('a gate whose credentials were refused', () => {
  it('lets one probe every ten seconds and holds the others to the end of their time', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, MISCONFIGURED)
    assert.equal(gate.isUnauthorized(), true)
    assert.equal(gate.isPaused(), false)

    const first = gate.pass(1, never)
    note('first', first)
    let until = 12_000
    note(
      'held',
      gate.pass(1, () => until),
    )
    note(
      'short',
      gate.pass(1, () => 9_000),
    )
    note(
      'backing off',
      gate.passAgain(1, failed(1, '30'), () => 9_500),
    )
    await clock.advance(10_000)
    const probe = await first
    if (probe.kind === 'permit') gate.ended(probe, MISCONFIGURED)
    until = 15_000
    note('second', gate.pass(1, never))
    await clock.advance(20_000)

    assert.deepEqual(notes, [
      [9_000, 'short', 'misconfigured'],
      [9_500, 'backing off', 'misconfigured'],
      [10_000, 'first', 'permit'],
      [15_000, 'held', 'misconfigured'],
      [20_000, 'second', 'permit'],
    ])
  })

  it('lets all waiting batches go at once when Mixpanel imports a probe', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    await attempted(gate, MISCONFIGURED)
    const probing = gate.pass(1, never)
    note('probe', probing)
    for (const name of ['a', 'b', 'c']) note(name, gate.pass(1, never))
    await clock.advance(10_200)

    const probe = await probing
    if (probe.kind === 'permit') gate.ended(probe, TAKEN)
    await clock.advance(0)

    assert.equal(gate.isUnauthorized(), false)
    assert.deepEqual(notes, [
      [10_000, 'probe', 'permit'],
      [10_200, 'a', 'permit'],
      [10_200, 'b', 'permit'],
      [10_200, 'c', 'permit'],
    ])
  })

  for (const [name, end, nextAt] of [
    ['fails', FAILED, 20_000],
    ['is refused with 429', THROTTLED, 20_000],
    ['is refused with a longer wait', throttledFor('30'), 40_000],
  ] as const) {
    it(`probes again in time when a probe ${name}`, async () => {
      const { clock, gate } = aGate()
      const { notes, note } = createNotes(clock)
      await attempted(gate, MISCONFIGURED)
      const probing = gate.pass(1, never)
      await clock.advance(10_000)

      const probe = await probing
      if (probe.kind === 'permit') gate.ended(probe, end)
      note('next', gate.pass(1, never))
      await clock.advance(60_000)

      assert.equal(gate.isUnauthorized(), true)
      assert.deepEqual(notes, [[nextAt, 'next', 'permit']])
    })
  }

  it('delays the first probe no further for attempts that were under way', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const onItsWay = await passed(gate)
    await attempted(gate, MISCONFIGURED)
    await clock.advance(4_000)

    gate.ended(onItsWay, MISCONFIGURED)
    note('probe', gate.pass(1, never))
    await clock.advance(10_000)

    assert.deepEqual(notes, [[10_000, 'probe', 'permit']])
  })

  it('is unauthorized by answers to attempts that were under way at a 429, too', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const onItsWay = await passed(gate)
    await attempted(gate, THROTTLED)
    await clock.advance(500)

    gate.ended(onItsWay, MISCONFIGURED)
    assert.equal(gate.isUnauthorized(), true)
    note('probe', gate.pass(1, never))
    await clock.advance(20_000)

    assert.deepEqual(notes, [[10_500, 'probe', 'permit']])
  })

  it('holds a batch that the pause alone would give back', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const onItsWay = await passed(gate)
    await attempted(gate, throttledFor('60'))
    gate.ended(onItsWay, MISCONFIGURED)

    note(
      'held',
      gate.pass(1, () => 8_000),
    )
    await clock.advance(20_000)

    assert.deepEqual(notes, [[8_000, 'held', 'misconfigured']])
  })
})

describe('a gate that drains', () => {
  it('ends every wait at once, and begins no other', async () => {
    for (const end of [throttledFor('60'), MISCONFIGURED]) {
      const { clock, gate } = aGate()
      const { notes, note } = createNotes(clock)
      await attempted(gate, end)
      note('new', gate.pass(1, never))
      note('again', gate.passAgain(1, failed(1), never))
      await clock.advance(500)
      assert.equal(gate.draining(), false)

      gate.drain()
      await clock.advance(0)
      note('later', gate.pass(1, never))
      note('later again', gate.passAgain(1, failed(1), never))
      await clock.advance(60_000)

      assert.equal(gate.draining(), true)
      assert.deepEqual(notes, [
        [500, 'new', 'draining'],
        [500, 'again', 'draining'],
        [500, 'later', 'draining'],
        [500, 'later again', 'draining'],
      ])
      assert.equal(clock.pending(), 0)
    }
  })

  it('permits no other attempt, even when the circuit is open', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    note('again', gate.passAgain(1, failed(1), never))
    await clock.advance(500)

    gate.drain()
    await clock.advance(0)

    assert.deepEqual(notes, [[500, 'again', 'draining']])
  })

  it('lets a batch have the place of an attempt that ends, and gives it back when none does', async () => {
    for (const [endsMs, decided] of [
      [200, [200, 'batch', 'permit']],
      [2_000, [1_000, 'batch', 'draining']],
    ] as const) {
      const { clock, gate } = aGate({ maxConcurrency: 1 })
      const { notes, note } = createNotes(clock)
      const first = await passed(gate)
      note(
        'batch',
        gate.pass(
          1,
          () => 1_000,
          () => 9_000,
        ),
      )
      clock.after(endsMs, () => gate.ended(first, TAKEN))

      gate.drain()
      await clock.advance(3_000)

      assert.deepEqual(notes, [decided])
    }
  })

  it('lets a batch pass that need not wait', async () => {
    const { gate } = aGate()

    gate.drain()

    await passed(gate)
  })
})

describe('a gate, whatever comes', () => {
  /** The most attempts under way. */
  const MOST = 3
  const END = fc.constantFrom(
    TAKEN,
    TAKEN,
    FAILED,
    failedFor('3'),
    THROTTLED,
    THROTTLED,
    throttledFor('5'),
    MISCONFIGURED,
  )
  const SENDER = fc.record({
    events: fc.integer({ min: 1, max: 2_000 }),
    startMs: fc.nat({ max: 5_000 }),
    timeMs: fc.nat({ max: 20_000 }),
    /** By which its time is prolonged while it waits. */
    moreMs: fc.nat({ max: 5_000 }),
    latencyMs: fc.integer({ min: 0, max: 3_000 }),
    /** How its attempts end, one after the other. It does not retry the last one. */
    ends: fc.array(END, { minLength: 1, maxLength: 4 }),
  })
  type Sender = typeof SENDER extends fc.Arbitrary<infer T> ? T : never

  interface Decided {
    readonly answer: GateAnswer
    readonly at: number
    readonly until: number
    readonly events: number
  }

  /** Runs the senders. Returns the decisions in order, the senders that ended, and the timers left. */
  async function run(senders: readonly Sender[], drainAt = Number.POSITIVE_INFINITY) {
    const clock = createFakeClock()
    const gate = createGate({ ...OPTIONS, maxConcurrency: MOST }, { clock, random: () => 0.5 })
    const decided: Decided[] = []
    let done = 0
    let underWay = 0
    let most = 0
    for (const sender of senders) clock.after(sender.startMs, () => void send(sender))
    if (drainAt < 100_000) clock.after(drainAt, gate.drain)
    await clock.advance(200_000)
    return { decided, done, most, left: clock.pending() }

    async function send({ events, startMs, timeMs, moreMs, latencyMs, ends }: Sender) {
      let until = startMs + timeMs
      clock.after(timeMs / 2, () => {
        until += moreMs
      })
      let answer = await noted(
        gate.pass(events, () => until),
        events,
        () => until,
      )
      for (const [index, end] of ends.entries()) {
        if (answer.kind !== 'permit') break
        most = Math.max(most, ++underWay)
        await new Promise<void>((resolve) => clock.after(latencyMs, resolve))
        underWay -= 1
        gate.ended(answer, end)
        if (index === ends.length - 1) break
        const again = gate.passAgain(events, failed(index + 1), () => until)
        answer = await noted(again, events, () => until)
      }
      done += 1
    }

    async function noted(passing: Promise<GateAnswer>, events: number, until: () => number) {
      const answer = await passing
      decided.push({ answer, at: clock.monotonic(), until: until(), events })
      return answer
    }
  }

  it('answers every batch, lets none pass after the end of its time, and keeps none waiting past it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(SENDER, { maxLength: 12 }), async (senders) => {
        const { decided, done, left } = await run(senders)

        assert.equal(done, senders.length)
        assert.equal(left, 0)
        for (const { answer, at, until } of decided) {
          if (answer.kind === 'permit') assert.ok(answer.at === at && at < until)
          else if (answer.kind === 'give_back' && answer.reason !== 'deadline')
            assert.ok(at <= until + 1e-6)
        }
      }),
    )
  })

  it('has no more attempts under way than it may', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(SENDER, { maxLength: 12 }), async (senders) => {
        const { most } = await run(senders)

        assert.ok(most <= MOST)
      }),
    )
  })

  it('holds no batch from the instant at which it drains', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(SENDER, { maxLength: 12 }),
        fc.nat(9_000),
        async (senders, drainAt) => {
          const { decided, done } = await run(senders, drainAt)

          assert.equal(done, senders.length)
          // A sender that was under way may ask again later, and gets its answer at once.
          assert.ok(decided.every(({ at }) => at <= 5_000 + 4 * 3_000 || at <= drainAt))
        },
      ),
    )
  })

  it('never sends more than its rate, a burst of one second and one batch', async () => {
    const steady = SENDER.map((one) => ({ ...one, timeMs: 1_000_000, ends: [FAILED, FAILED] }))
    await fc.assert(
      fc.asyncProperty(fc.array(steady, { maxLength: 12 }), async (senders) => {
        const { decided } = await run(senders)

        for (const [from, first] of decided.entries()) {
          let before = 0
          for (const { events, at } of decided.slice(from)) {
            const seconds = (at - first.at) / 1_000 + 1
            assert.ok(before <= seconds * 1_000 + 1e-6)
            before += events
          }
        }
      }),
    )
  })
})

describe('one 401 among imports', () => {
  it('holds other batches up only until an attempt that was sent no sooner is imported', async () => {
    const { clock, gate } = aGate()
    const refused = await passed(gate)
    await clock.advance(10)
    const good = await passed(gate)
    gate.ended(refused, MISCONFIGURED)
    assert.equal(gate.isUnauthorized(), true)

    gate.ended(good, TAKEN)

    assert.equal(gate.isUnauthorized(), false)
    await passed(gate)
  })

  it('counts the 429s before an import that overruled it until the next import', async () => {
    const { clock, gate } = aGate({ random: () => ALMOST_ONE })
    const refused = await passed(gate)
    const overruling = await passed(gate)
    gate.ended(refused, MISCONFIGURED)
    await clock.advance(10_000)
    await attempted(gate, THROTTLED)
    await clock.advance(5_000)
    gate.ended(overruling, TAKEN)

    await attempted(gate, TAKEN)
    await attempted(gate, THROTTLED)

    await clock.advance(2_000)
    assert.equal(gate.isPaused(), false)
  })

  it('is not overruled by an import that was sent before it', async () => {
    const { clock, gate } = aGate()
    const good = await passed(gate)
    await clock.advance(10)
    const refused = await passed(gate)
    gate.ended(refused, MISCONFIGURED)

    gate.ended(good, TAKEN)

    assert.equal(gate.isUnauthorized(), true)
  })

  it('leaves a pause that Mixpanel has asked for as it is when it is overruled', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)
    const [throttled, refused, good] = [await passed(gate), await passed(gate), await passed(gate)]
    gate.ended(throttled, throttledFor('5'))
    gate.ended(refused, MISCONFIGURED)
    gate.ended(good, TAKEN)

    void note('held', gate.pass(1, never))
    await clock.advance(10_000)

    assert.deepEqual(notes, [[5_000, 'held', 'permit']])
  })
})

describe('credentials that several answers refuse together', () => {
  it('close the gate as a 401 does, and let one pass every ten seconds', async () => {
    const { clock, gate } = aGate()
    const { notes, note } = createNotes(clock)

    gate.noteUnauthorized(0)
    gate.noteUnauthorized(0)
    void note('probe', gate.pass(1, never))
    await clock.advance(20_000)

    assert.equal(gate.isUnauthorized(), true)
    assert.deepEqual(notes, [[10_000, 'probe', 'permit']])
  })
})

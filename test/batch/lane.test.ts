import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLane } from '../../src/batch/lane.ts'
import type { OutcomeSink, PendingEvent } from '../../src/model/pending-event.ts'
import { aPendingEvent, aPreparedEvent, aSink } from '../helpers/builders.ts'

const LIMITS = { maxEvents: 3, maxBytes: 1_000 }

/** Makes events of one message, each with a name of `bytes` bytes for its text. */
function pendingNamed(names: string, sink: OutcomeSink = aSink(), bytes = 1): PendingEvent[] {
  return [...names].map((name) => aPendingEvent(sink, aPreparedEvent({ text: name.repeat(bytes) })))
}

/** The names in a batch, in order. */
function namesIn(batch: readonly PendingEvent[]): string {
  return batch.map(({ prepared }) => prepared.text.slice(0, 1)).join('')
}

const atDeadline = () => 'deadline' as const

describe('createLane', () => {
  it('batches waiting events in the order in which they came, across messages', () => {
    const lane = createLane(LIMITS, atDeadline)
    lane.push(pendingNamed('a'), 0)
    lane.push(pendingNamed('bc'), 1)

    assert.equal(namesIn(lane.take(2)), 'abc')
    assert.equal(namesIn(lane.take(2)), '')
  })

  it('divides a message that is larger than a batch, and keeps the rest in its place', () => {
    const lane = createLane(LIMITS, atDeadline)
    lane.push(pendingNamed('abcdefg'), 0)
    lane.push(pendingNamed('hij'), 1)

    const batches = [1, 2, 3, 4].map(() => namesIn(lane.take(2)))

    assert.deepEqual(batches, ['abc', 'def', 'ghi', 'j'])
  })

  it('fills a batch to the last byte of the body, brackets and commas included', () => {
    const body = '[aa,bb,cc]'
    const exact = createLane({ maxEvents: 10, maxBytes: body.length }, atDeadline)
    const tight = createLane({ maxEvents: 10, maxBytes: body.length - 1 }, atDeadline)
    exact.push(pendingNamed('abc', aSink(), 2), 0)
    tight.push(pendingNamed('abc', aSink(), 2), 0)

    assert.equal(namesIn(exact.take(0)), 'abc')
    assert.equal(namesIn(tight.take(0)), 'ab')
    assert.equal(namesIn(tight.take(0)), 'c')
  })

  it('counts bytes, not characters', () => {
    const lane = createLane({ maxEvents: 10, maxBytes: '[éé,éé]'.length }, atDeadline)
    lane.push(pendingNamed('éé', aSink(), 2), 0)

    assert.equal(lane.take(0).length, 1)
  })

  it('sends an event alone that is larger than a batch', () => {
    const lane = createLane({ maxEvents: 10, maxBytes: 10 }, atDeadline)
    lane.push(pendingNamed('a', aSink(), 50), 0)
    lane.push(pendingNamed('b'), 0)

    assert.equal(namesIn(lane.take(0)), 'a')
    assert.equal(namesIn(lane.take(0)), 'b')
  })

  it('is full when its waiting events fill a batch, by events or by bytes', () => {
    const byEvents = createLane(LIMITS, atDeadline)
    const byBytes = createLane({ maxEvents: 10, maxBytes: '[aa,bb]'.length }, atDeadline)

    byEvents.push(pendingNamed('ab'), 0)
    byBytes.push(pendingNamed('a', aSink(), 2), 0)
    assert.deepEqual([byEvents.waiting(0)?.full, byBytes.waiting(0)?.full], [false, false])

    byEvents.push(pendingNamed('c'), 0)
    byBytes.push(pendingNamed('b', aSink(), 2), 0)
    assert.deepEqual([byEvents.waiting(0)?.full, byBytes.waiting(0)?.full], [true, true])

    byEvents.take(0)
    byBytes.take(0)
    assert.deepEqual([byEvents.waiting(0), byBytes.waiting(0)], [undefined, undefined])
  })

  it('does not count events that have left towards a full batch', () => {
    const byEvents = createLane(LIMITS, atDeadline)
    const byBytes = createLane({ maxEvents: 10, maxBytes: '[aa,bb]'.length }, atDeadline)

    byEvents.push(pendingNamed('abcde'), 0)
    byBytes.push(pendingNamed('abc', aSink(), 2), 0)
    byEvents.take(0)
    byBytes.take(0)

    assert.deepEqual([byEvents.waiting(0)?.full, byBytes.waiting(0)?.full], [false, false])
  })

  it('is full when the events that are left after a batch fill another', () => {
    const lane = createLane({ maxEvents: 10, maxBytes: '[aa,bb]__'.length }, atDeadline)
    lane.push(pendingNamed('abcde', aSink(), 2), 0)

    assert.equal(namesIn(lane.take(0)), 'ab')

    assert.equal(lane.waiting(0)?.full, true)
  })

  it('counts only the attended events that are left towards a full batch of them', () => {
    const byEvents = createLane(LIMITS, atDeadline)
    const byBytes = createLane({ maxEvents: 10, maxBytes: '[aa,bb]'.length }, atDeadline)
    byEvents.push(pendingNamed('abcde'), 0)
    byBytes.push(pendingNamed('abc', aSink(), 2), 0)
    byEvents.push(pendingNamed('xyz', aSink(0, 1_000)), 0)
    byBytes.push(pendingNamed('yz', aSink(0, 1_000), 2), 0)

    byEvents.take(0)
    byBytes.take(0)

    assert.deepEqual([byEvents.waiting(0)?.full, byBytes.waiting(0)?.full], [false, false])
  })

  it('lets no smaller event pass one that does not fit any more', () => {
    const lane = createLane({ maxEvents: 10, maxBytes: 20 }, atDeadline)
    lane.push([...pendingNamed('a'), ...pendingNamed('b', aSink(), 18)], 0)
    lane.push(pendingNamed('c'), 0)

    assert.deepEqual([lane.take(0), lane.take(0), lane.take(0)].map(namesIn), ['a', 'b', 'c'])
  })

  it('knows since when its oldest event waits', () => {
    const lane = createLane(LIMITS, atDeadline)
    assert.equal(lane.waiting(0), undefined)

    lane.push(pendingNamed('abcd'), 5)
    lane.push(pendingNamed('e'), 7)
    lane.take(8)
    assert.equal(lane.waiting(0)?.since, 5)

    lane.take(8)
    assert.equal(lane.waiting(0), undefined)
  })

  it('ignores a message without events', () => {
    const lane = createLane(LIMITS, atDeadline)

    lane.push([], 0)

    assert.equal(lane.waiting(0), undefined)
  })

  it('gives back the events whose time is up, and batches the others', () => {
    const lane = createLane(LIMITS, atDeadline)
    const late = aSink(100)
    const patient = aSink(101)
    lane.push(pendingNamed('ab', late), 0)
    lane.push(pendingNamed('c', patient), 0)
    lane.push(pendingNamed('d', late), 0)
    lane.push(pendingNamed('e', patient), 0)

    const batch = lane.take(100)

    assert.equal(namesIn(batch), 'ce')
    assert.deepEqual(
      late.arrivals.map(({ outcome }) => outcome),
      Array.from({ length: 3 }, () => ({ kind: 'retry', reason: 'deadline' })),
    )
    assert.deepEqual(patient.arrivals, [])
  })

  it('gives back only those events of a late message that have not left', () => {
    const lane = createLane(LIMITS, atDeadline)
    const sink = aSink(100)
    lane.push(pendingNamed('abcde', sink), 0)
    lane.take(0)

    lane.returnLate(100)

    assert.deepEqual(
      sink.arrivals.map(({ event }) => event.prepared?.text),
      ['d', 'e'],
    )
    assert.equal(lane.waiting(0), undefined)
    assert.equal(namesIn(lane.take(100)), '')
  })

  it('keeps the events that are in time when it gives back late ones', () => {
    const lane = createLane({ maxEvents: 2, maxBytes: '[aa,bb]'.length }, atDeadline)
    lane.push(pendingNamed('ab', aSink(100), 2), 0)
    lane.push(pendingNamed('c', aSink(), 2), 3)

    lane.returnLate(100)

    assert.equal(lane.waiting(0)?.since, 3)
    assert.equal(lane.waiting(0)?.full, false)
    assert.equal(namesIn(lane.take(100)), 'c')
  })

  it('takes the deadline that the message has now: a redelivery may move it', () => {
    const lane = createLane(LIMITS, atDeadline)
    const sink = aSink(100)
    lane.push(pendingNamed('a', sink), 0)

    sink.deliverBy = 200

    assert.equal(namesIn(lane.take(150)), 'a')
    assert.deepEqual(sink.arrivals, [])
  })

  it('takes attended events first, and no others with them', () => {
    const lane = createLane(LIMITS, atDeadline)
    const alone = aSink(0, 1_000)
    lane.push(pendingNamed('ab', alone), 0)
    lane.push(pendingNamed('c'), 5)
    lane.push(pendingNamed('de', alone), 6)

    assert.deepEqual(lane.waiting(7), { attended: true, since: 5, full: false })
    assert.equal(namesIn(lane.take(7)), 'c')
    assert.deepEqual(lane.waiting(7), { attended: false, since: 0, full: true })
    assert.deepEqual([lane.take(7), lane.take(7)].map(namesIn), ['abd', 'e'])
  })

  it('gives back unattended events when their time is up, too', () => {
    const lane = createLane(LIMITS, atDeadline)
    const alone = aSink(0, 1_000)
    lane.push(pendingNamed('ab', alone), 0)

    lane.returnLate(999)
    assert.equal(alone.arrivals.length, 0)
    lane.returnLate(1_000)

    assert.equal(alone.arrivals.length, 2)
  })

  it('notes at a message that events of it have left, but none that went back', () => {
    const lane = createLane(LIMITS, atDeadline)
    const [leaves, stays, late] = [aSink(), aSink(), aSink(100)]
    lane.push(pendingNamed('a', late), 0)
    lane.push(pendingNamed('bcd', leaves), 0)
    lane.push(pendingNamed('e', stays), 0)

    lane.take(100)

    assert.deepEqual(
      [late, leaves, stays].map(({ departures }) => departures),
      [0, 1, 0],
    )
  })
})

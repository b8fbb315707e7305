import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLane } from '../../src/batch/lane.ts'
import type { Party, Traveller } from '../../src/model/journey.ts'
import { aParty, aPreparedEvent, aTraveller } from '../helpers/builders.ts'

const LIMITS = { maxEvents: 3, maxBytes: 1_000 }

/** Travellers of one party, each with a name of `bytes` bytes for its text. */
function travellersNamed(names: string, party: Party = aParty(), bytes = 1): Traveller[] {
  return [...names].map((name) => aTraveller(party, aPreparedEvent({ text: name.repeat(bytes) })))
}

/** The names in a batch, in order. */
function namesIn(batch: readonly Traveller[]): string {
  return batch.map(({ event }) => event.text.slice(0, 1)).join('')
}

const atDeadline = () => 'deadline' as const

describe('createLane', () => {
  it('batches what waits in the order it came, across messages', () => {
    const lane = createLane(LIMITS, atDeadline)
    lane.push(travellersNamed('a'), 0)
    lane.push(travellersNamed('bc'), 1)

    assert.equal(namesIn(lane.take(2)), 'abc')
    assert.equal(namesIn(lane.take(2)), '')
  })

  it('parts a message that is larger than a batch, and keeps the rest in its place', () => {
    const lane = createLane(LIMITS, atDeadline)
    lane.push(travellersNamed('abcde'), 0)
    lane.push(travellersNamed('fg'), 1)

    const batches = [lane.take(2), lane.take(2), lane.take(2)].map(namesIn)

    assert.deepEqual(batches, ['abc', 'def', 'g'])
  })

  it('fills a batch to the last byte of the body, brackets and commas included', () => {
    const body = '[aa,bb,cc]'
    const exact = createLane({ maxEvents: 10, maxBytes: body.length }, atDeadline)
    const tight = createLane({ maxEvents: 10, maxBytes: body.length - 1 }, atDeadline)
    exact.push(travellersNamed('abc', aParty(), 2), 0)
    tight.push(travellersNamed('abc', aParty(), 2), 0)

    assert.equal(namesIn(exact.take(0)), 'abc')
    assert.equal(namesIn(tight.take(0)), 'ab')
    assert.equal(namesIn(tight.take(0)), 'c')
  })

  it('counts bytes, not characters', () => {
    const lane = createLane({ maxEvents: 10, maxBytes: '[éé,éé]'.length }, atDeadline)
    lane.push(travellersNamed('éé', aParty(), 2), 0)

    assert.equal(lane.take(0).length, 1)
  })

  it('lets an event travel alone that is larger than a batch', () => {
    const lane = createLane({ maxEvents: 10, maxBytes: 10 }, atDeadline)
    lane.push(travellersNamed('a', aParty(), 50), 0)
    lane.push(travellersNamed('b'), 0)

    assert.equal(namesIn(lane.take(0)), 'a')
    assert.equal(namesIn(lane.take(0)), 'b')
  })

  it('is full when what waits fills a batch, by events or by bytes', () => {
    const byEvents = createLane(LIMITS, atDeadline)
    const byBytes = createLane({ maxEvents: 10, maxBytes: '[aa,bb]'.length }, atDeadline)

    byEvents.push(travellersNamed('ab'), 0)
    byBytes.push(travellersNamed('a', aParty(), 2), 0)
    assert.deepEqual([byEvents.waiting(0)?.full, byBytes.waiting(0)?.full], [false, false])

    byEvents.push(travellersNamed('c'), 0)
    byBytes.push(travellersNamed('b', aParty(), 2), 0)
    assert.deepEqual([byEvents.waiting(0)?.full, byBytes.waiting(0)?.full], [true, true])

    byEvents.take(0)
    byBytes.take(0)
    assert.deepEqual([byEvents.waiting(0), byBytes.waiting(0)], [undefined, undefined])
  })

  it('is not full by what has set out already, by events or by bytes', () => {
    const byEvents = createLane(LIMITS, atDeadline)
    const byBytes = createLane({ maxEvents: 10, maxBytes: '[aa,bb]'.length }, atDeadline)

    byEvents.push(travellersNamed('abcde'), 0)
    byBytes.push(travellersNamed('abc', aParty(), 2), 0)
    byEvents.take(0)
    byBytes.take(0)

    assert.deepEqual([byEvents.waiting(0)?.full, byBytes.waiting(0)?.full], [false, false])
  })

  it('knows since when its oldest event waits', () => {
    const lane = createLane(LIMITS, atDeadline)
    assert.equal(lane.waiting(0), undefined)

    lane.push(travellersNamed('abcd'), 5)
    lane.push(travellersNamed('e'), 7)
    lane.take(8)
    assert.equal(lane.waiting(0)?.since, 5)

    lane.take(8)
    assert.equal(lane.waiting(0), undefined)
  })

  it('takes no notice of a message without events', () => {
    const lane = createLane(LIMITS, atDeadline)

    lane.push([], 0)

    assert.equal(lane.waiting(0), undefined)
  })

  it('sends back the events whose time is up, and batches the others', () => {
    const lane = createLane(LIMITS, atDeadline)
    const late = aParty(100)
    const patient = aParty(101)
    lane.push(travellersNamed('ab', late), 0)
    lane.push(travellersNamed('c', patient), 0)
    lane.push(travellersNamed('d', late), 0)
    lane.push(travellersNamed('e', patient), 0)

    const batch = lane.take(100)

    assert.equal(namesIn(batch), 'ce')
    assert.deepEqual(
      late.arrivals.map(({ outcome }) => outcome),
      Array.from({ length: 3 }, () => ({ kind: 'retry', reason: 'deadline' })),
    )
    assert.deepEqual(patient.arrivals, [])
  })

  it('sends back only what has not set out of a message whose time is up', () => {
    const lane = createLane(LIMITS, atDeadline)
    const party = aParty(100)
    lane.push(travellersNamed('abcde', party), 0)
    lane.take(0)

    lane.returnLate(100)

    assert.deepEqual(
      party.arrivals.map(({ journey }) => journey.event?.text),
      ['d', 'e'],
    )
    assert.equal(lane.waiting(0), undefined)
    assert.equal(namesIn(lane.take(100)), '')
  })

  it('keeps what is in time when it sends back what is late', () => {
    const lane = createLane({ maxEvents: 2, maxBytes: '[aa,bb]'.length }, atDeadline)
    lane.push(travellersNamed('ab', aParty(100), 2), 0)
    lane.push(travellersNamed('c', aParty(), 2), 3)

    lane.returnLate(100)

    assert.equal(lane.waiting(0)?.since, 3)
    assert.equal(lane.waiting(0)?.full, false)
    assert.equal(namesIn(lane.take(100)), 'c')
  })

  it('goes by the time its party has now: a redelivery brings more', () => {
    const lane = createLane(LIMITS, atDeadline)
    const party = aParty(100)
    lane.push(travellersNamed('a', party), 0)

    party.deliverBy = 200

    assert.equal(namesIn(lane.take(150)), 'a')
    assert.deepEqual(party.arrivals, [])
  })

  it('takes what a push waits for first, and nothing else with it', () => {
    const lane = createLane(LIMITS, atDeadline)
    const alone = aParty(0, 1_000)
    lane.push(travellersNamed('ab', alone), 0)
    lane.push(travellersNamed('c'), 5)
    lane.push(travellersNamed('de', alone), 6)

    assert.deepEqual(lane.waiting(7), { attended: true, since: 5, full: false })
    assert.equal(namesIn(lane.take(7)), 'c')
    assert.deepEqual(lane.waiting(7), { attended: false, since: 0, full: true })
    assert.deepEqual([lane.take(7), lane.take(7)].map(namesIn), ['abd', 'e'])
  })

  it('sends back what no push waits for when its time is up, too', () => {
    const lane = createLane(LIMITS, atDeadline)
    const alone = aParty(0, 1_000)
    lane.push(travellersNamed('ab', alone), 0)

    lane.returnLate(999)
    assert.equal(alone.arrivals.length, 0)
    lane.returnLate(1_000)

    assert.equal(alone.arrivals.length, 2)
  })

  it('tells a party that some of its events have left, and not that they have gone back', () => {
    const lane = createLane(LIMITS, atDeadline)
    const [leaves, stays, late] = [aParty(), aParty(), aParty(100)]
    lane.push(travellersNamed('a', late), 0)
    lane.push(travellersNamed('bcd', leaves), 0)
    lane.push(travellersNamed('e', stays), 0)

    lane.take(100)

    assert.deepEqual(
      [late, leaves, stays].map(({ departures }) => departures),
      [0, 1, 0],
    )
  })
})

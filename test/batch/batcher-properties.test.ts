import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createBatcher } from '../../src/batch/batcher.ts'
import { createLinger } from '../../src/batch/linger.ts'
import { IMPORTED } from '../../src/model/outcome.ts'
import type { PendingEvent } from '../../src/model/pending-event.ts'
import { aPendingEvent, aPreparedEvent, aSink, type RecordingSink } from '../helpers/builders.ts'
import { createFakeClock, settlePromises } from '../helpers/fake-clock.ts'

const LIMITS = { maxEvents: 4, maxBytes: 40, maxConcurrency: 2 }
const LINGER_MS = 10
/** The time that the events of a message may wait before they go back. */
const TIME_MS = 60

const EVENTS = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 30 }), identityVerb: fc.boolean() }),
  { maxLength: 7 },
)
const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), events: EVENTS }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(12) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('throw' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('return late' as const) }) },
)
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never

/** One event of the run: when it came, and its end. */
interface Ticket {
  readonly sink: RecordingSink
  readonly event: PendingEvent
  readonly addedAt: number
  /** Its place among all that was sent. */
  sentAs?: number
  threw?: true
}

interface Delivery {
  readonly batch: readonly PendingEvent[]
  readonly end: PromiseWithResolvers<void>
}

/** A batcher among messages and answers; each batch is checked as it is sent. */
function createWorld() {
  const clock = createFakeClock()
  const tickets = new Map<PendingEvent, Ticket>()
  const inFlight: Delivery[] = []
  const violations: unknown[] = []
  let slotFreeSince = 0
  let sent = 0
  const batcher = createBatcher(LIMITS, {
    clock,
    linger: createLinger(LINGER_MS),
    lateReason: () => 'deadline',
    slotWanted: () => {},
    deliverBatch(batch) {
      const end = Promise.withResolvers<void>()
      inFlight.push({ batch, end })
      // The batcher would catch an error that is thrown here.
      try {
        assert.ok(inFlight.length <= LIMITS.maxConcurrency, 'no more in flight than it may')
        assertWithinLimits(batch)
        for (const event of batch) noteSent(ticketOf(event))
      } catch (violation) {
        violations.push(violation)
      }
      return end.promise
    },
  })

  return { take, finish, assertNoneWaitsInVain, tickets: () => [...tickets.values()] }

  async function take(step: Step): Promise<void> {
    if (step.kind === 'add') add(step.events)
    if (step.kind === 'wait') await clock.advance(step.ms)
    if (step.kind === 'answer') answer(step.which)
    if (step.kind === 'throw') fail(step.which)
    if (step.kind === 'return late') batcher.review()
    await settlePromises()
    assert.deepEqual(violations, [])
  }

  function add(events: readonly { bytes: number; identityVerb: boolean }[]): void {
    const addedAt = clock.monotonic()
    const sink = aSink(addedAt + TIME_MS)
    const pending = events.map(({ bytes, identityVerb }) =>
      aPendingEvent(sink, aPreparedEvent({ text: 'x'.repeat(bytes), identityVerb })),
    )
    for (const event of pending) tickets.set(event, { sink, event, addedAt })
    batcher.add(pending)
  }

  function noteSent(ticket: Ticket): void {
    const now = clock.monotonic()
    assert.equal(ticket.sentAs, undefined, 'nothing is sent twice')
    assert.ok(now < ticket.sink.deliverBy, 'nothing is sent when its time is up')
    assert.ok(now <= Math.max(ticket.addedAt + LINGER_MS, slotFreeSince))
    sent += 1
    ticket.sentAs = sent
  }

  function answer(which: number): void {
    const delivery = land(which)
    for (const event of delivery?.batch ?? []) event.sink.report(event, IMPORTED)
    delivery?.end.resolve()
  }

  function fail(which: number): void {
    const delivery = land(which)
    for (const event of delivery?.batch ?? []) ticketOf(event).threw = true
    delivery?.end.reject(new Error('a bug'))
  }

  function land(which: number): Delivery | undefined {
    if (inFlight.length === LIMITS.maxConcurrency) slotFreeSince = clock.monotonic()
    return inFlight.splice(which % (inFlight.length || 1), 1)[0]
  }

  async function finish(): Promise<void> {
    batcher.drain()
    while (inFlight.length > 0) await take({ kind: 'answer', which: 0 })
  }

  function ticketOf(event: PendingEvent): Ticket {
    const ticket = tickets.get(event)
    assert.ok(ticket)
    return ticket
  }

  function assertNoneWaitsInVain(): void {
    if (inFlight.length === LIMITS.maxConcurrency) return
    const waiting = [...tickets.values()].filter(isWaiting)
    for (const { addedAt, sink } of waiting) {
      // An event whose time is up waits until `review` returns it.
      const until = sink.deliverBy <= clock.monotonic() ? Infinity : addedAt + LINGER_MS
      assert.ok(clock.monotonic() < until)
    }
    for (const verbs of [true, false]) {
      const lane = waiting.filter(({ event }) => event.prepared.identityVerb === verbs)
      assert.ok(lane.length < LIMITS.maxEvents && bodyOf(lane).length < LIMITS.maxBytes)
    }
  }
}

function isWaiting(ticket: Ticket): boolean {
  return ticket.sentAs === undefined && arrivalsOf(ticket).length === 0
}

function arrivalsOf({ sink, event }: Ticket) {
  return sink.arrivals.filter((arrival) => arrival.event === event)
}

function bodyOf(pending: readonly Pick<Ticket, 'event'>[]): string {
  return `[${pending.map(({ event }) => event.prepared.text).join(',')}]`
}

function assertWithinLimits(batch: readonly PendingEvent[]): void {
  const body = bodyOf(batch.map((event) => ({ event })))
  assert.ok(batch.length > 0 && batch.length <= LIMITS.maxEvents)
  assert.ok(body.length <= LIMITS.maxBytes)
  assert.equal(new Set(batch.map(({ prepared }) => prepared.identityVerb)).size, 1)
}

function assertOneEnd(ticket: Ticket): void {
  const outcomes = arrivalsOf(ticket).map(({ outcome }) => outcome)
  if (ticket.threw) {
    assert.deepEqual(outcomes, [])
    assert.ok(ticket.sink.failures.length > 0)
  } else {
    const late = { kind: 'retry', reason: 'deadline' }
    assert.deepEqual(outcomes, [ticket.sentAs === undefined ? late : IMPORTED])
  }
}

/** Events are sent in the order in which they came, identity verbs apart from the others. */
function assertInOrder(tickets: readonly Ticket[]): void {
  for (const verbs of [true, false]) {
    const lane = tickets.filter(({ event }) => event.prepared.identityVerb === verbs)
    const order = lane.flatMap(({ sentAs }) => sentAs ?? [])
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
  }
}

describe('a batcher, whatever is added, answered and waited for', () => {
  it('reports or sends each event once, in order, in batches within the limits, and in time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: 40, size: 'max' }), async (steps) => {
        const world = createWorld()
        for (const step of steps) {
          await world.take(step)
          world.assertNoneWaitsInVain()
        }
        await world.finish()

        for (const ticket of world.tickets()) assertOneEnd(ticket)
        assertInOrder(world.tickets())
      }),
    )
  })
})

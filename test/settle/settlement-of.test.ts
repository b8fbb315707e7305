import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type EventOutcome,
  IMPORTED,
  REJECT_REASONS,
  RETRY_REASONS,
  rejected,
  retry,
} from '../../src/model/outcome.ts'
import { settlementOf } from '../../src/settle/settlement-of.ts'

const dropped: EventOutcome = { kind: 'dropped', rule: 'transform' }
const badLine = rejected('invalid_json', 'line 1 is not JSON')
const refused = rejected('refused_by_mixpanel', 'no')
const throttled = retry('throttled')
const late = retry('deadline')

const anyRejected = REJECT_REASONS.map((reason) => rejected(reason, 'no'))
const anyRetry = RETRY_REASONS.map(retry)

const anyOutcomes = fc.array(fc.constantFrom(IMPORTED, dropped, ...anyRejected, ...anyRetry))
const noneToRetry = fc.array(fc.constantFrom(IMPORTED, dropped, ...anyRejected))
const toRetry = fc.constantFrom(...anyRetry)
const toReject = fc.constantFrom(...anyRejected)
const allSettled = fc.array(fc.constantFrom(IMPORTED, dropped))
const mode = fc.constantFrom('to_store' as const, 'to_subscription' as const)

describe('the settlement of a message', () => {
  for (const [outcomes, toStore, toSubscription = toStore] of [
    [[], 'ack empty 204'],
    [[IMPORTED], 'ack imported 204'],
    [[dropped], 'ack dropped 204'],
    [[dropped, IMPORTED, dropped], 'ack imported 204'],
    [[badLine], 'ack dead_lettered 204', 'nack invalid_json 422'],
    [[IMPORTED, badLine, refused], 'ack dead_lettered 204', 'nack invalid_json 422'],
    [[throttled], 'nack throttled 503'],
    [[IMPORTED, dropped, throttled, late], 'nack throttled 503'],
    [[badLine, late, throttled], 'nack deadline 503'],
  ] as const) {
    const of = outcomes.map((outcome) => outcome.kind).join(', ') || 'nothing'

    it(`of ${of} is ${toStore} when rejected events go to a store`, () => {
      assert.equal(told(outcomes, 'to_store'), toStore)
    })

    it(`of ${of} is ${toSubscription} when they go to the subscription`, () => {
      assert.equal(told(outcomes, 'to_subscription'), toSubscription)
    })
  }

  it('is a nack 503 whenever an event is to be retried, wherever it stands', () => {
    fc.assert(
      fc.property(
        anyOutcomes,
        toRetry,
        anyOutcomes,
        mode,
        (before, again, after, rejectedRoute) => {
          const { kind, status } = settlementOf([...before, again, ...after], rejectedRoute)

          assert.deepEqual([kind, status], ['nack', 503])
        },
      ),
    )
  })

  it('is a nack 422 whenever an event is left to the subscription and none is to be retried', () => {
    fc.assert(
      fc.property(noneToRetry, toReject, noneToRetry, (before, never, after) => {
        const outcomes = [...before, never, ...after]

        assert.equal(settlementOf(outcomes, 'to_subscription').status, 422)
      }),
    )
  })

  it('is an ack 204 whenever all rejected events are stored and none is to be retried', () => {
    fc.assert(
      fc.property(noneToRetry, (outcomes) => {
        assert.equal(settlementOf(outcomes, 'to_store').status, 204)
      }),
    )
  })

  it('is an ack 204 in either mode when every event is imported or dropped', () => {
    fc.assert(
      fc.property(allSettled, mode, (outcomes, rejectedRoute) => {
        assert.equal(settlementOf(outcomes, rejectedRoute).status, 204)
      }),
    )
  })
})

function told(outcomes: readonly EventOutcome[], rejectedRoute: 'to_store' | 'to_subscription') {
  const { kind, reason, status } = settlementOf(outcomes, rejectedRoute)
  return `${kind} ${reason} ${status}`
}

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createAllowedSubscription } from '../../src/receive/allowed-subscription.ts'

it('takes pushes of every subscription when none is listed', () => {
  const isAllowed = createAllowedSubscription([])

  assert.deepEqual(['projects/p/subscriptions/s', ''].map(isAllowed), [true, true])
})

it('takes pushes of the listed subscriptions alone, by their full names', () => {
  const isAllowed = createAllowedSubscription(['projects/p/subscriptions/a', 'b'])

  const named = ['projects/p/subscriptions/a', 'b', 'a', 'projects/p/subscriptions/aa', '']

  assert.deepEqual(named.map(isAllowed), [true, true, false, false, false])
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createStanding } from '../../src/deliver/standing.ts'

const REFUSED = { kind: 'misconfigured', status: 401 } as const

describe('createStanding', () => {
  it('is good until Mixpanel says otherwise', () => {
    const { isMisconfigured } = createStanding(() => {})

    assert.equal(isMisconfigured(), false)
  })

  it('tells of each refusal, and remembers it', () => {
    const refusals: number[] = []
    const { heard, isMisconfigured } = createStanding((status) => refusals.push(status))

    heard(REFUSED)
    heard(REFUSED)

    assert.equal(isMisconfigured(), true)
    assert.deepEqual(refusals, [401, 401])
  })

  it('is good again once something was imported', () => {
    const { heard, isMisconfigured } = createStanding(() => {})

    heard(REFUSED)
    heard({ kind: 'imported' })
    assert.equal(isMisconfigured(), false)

    heard(REFUSED)
    heard({ kind: 'settled', outcomes: [] })
    assert.equal(isMisconfigured(), false)
  })

  it('stays bad through answers that say nothing of it', () => {
    const { heard, isMisconfigured } = createStanding(() => {})

    heard(REFUSED)
    heard({ kind: 'retry', reason: 'mixpanel_unavailable' })
    heard({ kind: 'split' })

    assert.equal(isMisconfigured(), true)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectionLimitsOf } from '../../src/http/connection-limits.ts'

const OIDC = {
  delivery: { maxConcurrency: 16, maxEventsPerSecond: 1 },
  onCloudRun: false,
  push: {
    auth: { kind: 'oidc', audiences: [], serviceAccounts: [], issuers: [], jwksUrl: '' },
    subscriptions: [],
    ackDeadlineMs: 10_000,
    maxBufferedBytes: 1,
  },
} as const

describe('the limits of connections', () => {
  for (const [what, maxOpenFiles, max] of [
    ['leave what the service opens itself', 1_024, 896],
    ['are a quarter where little may be open', 64, 16],
    ['are bounded by memory where much may be open', 1_048_576, 4_096],
    ['are bounded by memory where anything may be open', Number.POSITIVE_INFINITY, 4_096],
  ] as const) {
    it(`${what}: ${max} of ${maxOpenFiles}`, () => {
      assert.equal(connectionLimitsOf(OIDC, maxOpenFiles).max, max)
    })
  }

  it('leave more where more requests to Mixpanel may be under way', () => {
    const delivery = { ...OIDC.delivery, maxConcurrency: 100 }

    assert.equal(connectionLimitsOf({ ...OIDC, delivery }, 1_024).max, 812)
  })

  it('close an idle connection without a good token after 30 s', () => {
    assert.equal(connectionLimitsOf(OIDC, 1_024).strangerIdleMs, 30_000)
  })

  it('close no idle connection on Cloud Run, nor where no token is asked for', () => {
    const open = { ...OIDC.push, auth: { kind: 'none' } } as const

    assert.equal(connectionLimitsOf({ ...OIDC, onCloudRun: true }, 1_024).strangerIdleMs, undefined)
    assert.equal(connectionLimitsOf({ ...OIDC, push: open }, 1_024).strangerIdleMs, undefined)
  })
})

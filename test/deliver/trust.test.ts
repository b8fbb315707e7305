import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTrust, type Trust } from '../../src/deliver/trust.ts'
import type { Verdict } from '../../src/deliver/verdict.ts'
import { IMPORTED, rejected } from '../../src/model/outcome.ts'

const DENIED: Verdict = { kind: 'denied', status: 403 }
const ALL_IMPORTED: Verdict = { kind: 'imported' }
const REJECTED = rejected('refused_by_mixpanel', 'no')

const imports: { name: string; verdict: Verdict }[] = [
  { name: 'all were imported', verdict: ALL_IMPORTED },
  {
    name: 'some were imported and some rejected',
    verdict: { kind: 'settled', outcomes: [REJECTED, IMPORTED] },
  },
  { name: 'fewer were counted than sent', verdict: { kind: 'shortfall', imported: 1 } },
]

const refusal = {
  kind: 'refused',
  reason: 'refused_by_mixpanel',
  detail: 'no',
  certain: false,
} as const

const noImports: { name: string; verdict: Verdict }[] = [
  { name: 'all were rejected', verdict: { kind: 'settled', outcomes: [REJECTED] } },
  { name: 'none was counted', verdict: { kind: 'shortfall', imported: 0 } },
  { name: 'some were listed', verdict: { kind: 'listed', rejected: new Map([[0, REJECTED]]) } },
  { name: 'all were refused', verdict: refusal },
  { name: 'it is to be tried again', verdict: { kind: 'retry', reason: 'mixpanel_unavailable' } },
  { name: 'the credentials are refused', verdict: { kind: 'misconfigured', status: 401 } },
]

describe('the trust in a refusal of Mixpanel', () => {
  for (const { name, verdict } of [...imports, ...noImports]) {
    it(`leaves a verdict as it is: ${name}`, () => {
      assert.equal(createTrust().record(verdict, 0), verdict)
    })
  }

  it('takes two 403s or 404s for passing faults, and the third for misconfiguration', () => {
    const trust = createTrust()

    const recorded = [403, 404, 403, 404].map((status) => {
      return trust.record({ kind: 'denied', status }, 0)
    })

    const passing = { kind: 'retry', reason: 'unknown_answer' }
    assert.deepEqual(recorded, [
      passing,
      passing,
      { kind: 'misconfigured', status: 403 },
      { kind: 'misconfigured', status: 404 },
    ])
  })

  for (const { name, verdict } of imports) {
    it(`counts the 403s and 404s anew once ${name}`, () => {
      const trust = createTrust()
      trust.record(DENIED, 0)
      trust.record(DENIED, 0)

      trust.record(verdict, 0)

      assert.equal(trust.record(DENIED, 0).kind, 'retry')
    })
  }

  it('goes on counting 403s and 404s while nothing is imported between', () => {
    const trust = createTrust()
    trust.record(DENIED, 0)
    trust.record(DENIED, 0)

    for (const { verdict } of noImports) trust.record(verdict, 0)

    assert.equal(trust.record(DENIED, 0).kind, 'misconfigured')
  })
})

describe('an import', () => {
  it('has not happened when nothing was sent', () => {
    assert.equal(createTrust().hasImportedSince(0), false)
  })

  for (const { name, verdict } of imports) {
    it(`proves since when events can be imported: ${name}`, () => {
      const trust = createTrust()

      trust.record(verdict, 100)

      assert.equal(trust.hasImportedSince(100), true)
      assert.equal(trust.hasImportedSince(101), false)
    })
  }

  for (const { name, verdict } of noImports) {
    it(`has not happened when ${name}`, () => {
      const trust = createTrust()

      trust.record(verdict, 100)

      assert.equal(trust.hasImportedSince(100), false)
      assert.equal(trust.spend(), false)
    })
  }

  it('is as recent as the latest attempt that imported, in whatever order answers come', () => {
    const trust = createTrust()

    trust.record(ALL_IMPORTED, 200)
    trust.record(ALL_IMPORTED, 100)

    assert.equal(trust.hasImportedSince(200), true)
  })

  it('gives trust in ten refusals, and the next import in ten more', () => {
    const trust = createTrust()
    trust.record(ALL_IMPORTED, 0)
    trust.record(ALL_IMPORTED, 0)

    const tenAndOne = Array.from({ length: 11 }, () => trust.spend())
    trust.record(ALL_IMPORTED, 0)

    assert.deepEqual(tenAndOne, [...Array.from({ length: 10 }, () => true), false])
    assert.equal(trust.spend(), true)
  })

  it('gives no trust any more after a fault that is not the fault of events', () => {
    const faults: ((trust: ReturnType<typeof createTrust>) => void)[] = [
      (trust) => [1, 2].map((at) => trust.suspect(at, at)),
      (trust) => trust.record({ kind: 'misconfigured', status: 401 }, 0),
      (trust) => [1, 2, 3].map(() => trust.record(DENIED, 0)),
    ]
    for (const fault of faults) {
      const trust = createTrust()
      trust.record(ALL_IMPORTED, 0)

      fault(trust)

      assert.equal(trust.spend(), false)
    }
  })

  it('gives no trust when its request was sent before the last fault', () => {
    for (const fault of [
      (trust: Trust) => trust.suspect(100, 100),
      (trust: Trust) => trust.record({ kind: 'misconfigured', status: 401 }, 100),
    ]) {
      const trust = createTrust()
      fault(trust)

      trust.record(ALL_IMPORTED, 99)
      assert.equal(trust.spend(), false)
      assert.equal(trust.hasImportedSince(0), false)

      trust.record(ALL_IMPORTED, 100)
      assert.equal(trust.spend(), true)
    }
  })

  it('ends a suspicion', () => {
    const trust = createTrust()
    assert.equal(trust.isSuspect(), false)

    trust.suspect(0, 0)
    assert.equal(trust.isSuspect(), true)

    trust.record(ALL_IMPORTED, 0)
    assert.equal(trust.isSuspect(), false)
  })
})

describe('a suspicion', () => {
  it('means that Mixpanel is left alone when nothing was ever imported', () => {
    assert.equal(createTrust().suspect(0, 10), true)
  })

  it('does not mean so when something was imported since the one before', () => {
    const trust = createTrust()
    trust.record(ALL_IMPORTED, 0)

    assert.equal(trust.suspect(100, 110), false)
    assert.equal(trust.suspect(120, 130), true)
  })

  it('does not mean so when something was imported while the delivery lasted', () => {
    const trust = createTrust()
    trust.record(ALL_IMPORTED, 100)
    trust.suspect(100, 110)

    assert.equal(trust.suspect(100, 130), false)
    assert.equal(trust.suspect(101, 130), true)
  })
})

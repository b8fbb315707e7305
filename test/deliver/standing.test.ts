import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createStanding, type Standing } from '../../src/deliver/standing.ts'
import type { Verdict } from '../../src/deliver/verdict.ts'
import { IMPORTED, rejected } from '../../src/model/outcome.ts'

const SHUT_OUT: Verdict = { kind: 'shut_out', status: 403 }
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

describe('the standing with Mixpanel', () => {
  for (const { name, verdict } of [...imports, ...noImports]) {
    it(`leaves a verdict as it is: ${name}`, () => {
      assert.equal(createStanding().judge(verdict, 0), verdict)
    })
  }

  it('takes a 403 or 404 for a whim twice, and the third time for misconfiguration', () => {
    const standing = createStanding()

    const judged = [403, 404, 403, 404].map((status) => {
      return standing.judge({ kind: 'shut_out', status }, 0)
    })

    const whim = { kind: 'retry', reason: 'unknown_answer' }
    assert.deepEqual(judged, [
      whim,
      whim,
      { kind: 'misconfigured', status: 403 },
      { kind: 'misconfigured', status: 404 },
    ])
  })

  for (const { name, verdict } of imports) {
    it(`counts the whims anew once ${name}`, () => {
      const standing = createStanding()
      standing.judge(SHUT_OUT, 0)
      standing.judge(SHUT_OUT, 0)

      standing.judge(verdict, 0)

      assert.equal(standing.judge(SHUT_OUT, 0).kind, 'retry')
    })
  }

  it('goes on counting whims while nothing is imported between', () => {
    const standing = createStanding()
    standing.judge(SHUT_OUT, 0)
    standing.judge(SHUT_OUT, 0)

    for (const { verdict } of noImports) standing.judge(verdict, 0)

    assert.equal(standing.judge(SHUT_OUT, 0).kind, 'misconfigured')
  })
})

describe('an import', () => {
  it('has not happened when nothing was sent', () => {
    assert.equal(createStanding().hasImportedSince(0), false)
  })

  for (const { name, verdict } of imports) {
    it(`proves since when events can be imported: ${name}`, () => {
      const standing = createStanding()

      standing.judge(verdict, 100)

      assert.equal(standing.hasImportedSince(100), true)
      assert.equal(standing.hasImportedSince(101), false)
    })
  }

  for (const { name, verdict } of noImports) {
    it(`has not happened when ${name}`, () => {
      const standing = createStanding()

      standing.judge(verdict, 100)

      assert.equal(standing.hasImportedSince(100), false)
      assert.equal(standing.vouches(), false)
    })
  }

  it('is as recent as the latest attempt that imported, in whatever order answers come', () => {
    const standing = createStanding()

    standing.judge(ALL_IMPORTED, 200)
    standing.judge(ALL_IMPORTED, 100)

    assert.equal(standing.hasImportedSince(200), true)
  })

  it('vouches for ten events that are refused alone, and the next for ten more', () => {
    const standing = createStanding()
    standing.judge(ALL_IMPORTED, 0)
    standing.judge(ALL_IMPORTED, 0)

    const tenAndOne = Array.from({ length: 11 }, () => standing.vouches())
    standing.judge(ALL_IMPORTED, 0)

    assert.deepEqual(tenAndOne, [...Array.from({ length: 10 }, () => true), false])
    assert.equal(standing.vouches(), true)
  })

  it('vouches for nothing any more after a fault that is not the events’', () => {
    const faults: ((standing: ReturnType<typeof createStanding>) => void)[] = [
      (standing) => [1, 2].map((at) => standing.suspect(at, at)),
      (standing) => standing.judge({ kind: 'misconfigured', status: 401 }, 0),
      (standing) => [1, 2, 3].map(() => standing.judge(SHUT_OUT, 0)),
    ]
    for (const fault of faults) {
      const standing = createStanding()
      standing.judge(ALL_IMPORTED, 0)

      fault(standing)

      assert.equal(standing.vouches(), false)
    }
  })

  it('vouches for nothing when it had set out before the last fault', () => {
    for (const fault of [
      (standing: Standing) => standing.suspect(100, 100),
      (standing: Standing) => standing.judge({ kind: 'misconfigured', status: 401 }, 100),
    ]) {
      const standing = createStanding()
      fault(standing)

      standing.judge(ALL_IMPORTED, 99)
      assert.equal(standing.vouches(), false)
      assert.equal(standing.hasImportedSince(0), false)

      standing.judge(ALL_IMPORTED, 100)
      assert.equal(standing.vouches(), true)
    }
  })

  it('ends a suspicion', () => {
    const standing = createStanding()
    assert.equal(standing.isSuspect(), false)

    standing.suspect(0, 0)
    assert.equal(standing.isSuspect(), true)

    standing.judge(ALL_IMPORTED, 0)
    assert.equal(standing.isSuspect(), false)
  })
})

describe('a suspicion', () => {
  it('means that Mixpanel is left alone when nothing was ever imported', () => {
    assert.equal(createStanding().suspect(0, 10), true)
  })

  it('does not mean so when something was imported since the one before', () => {
    const standing = createStanding()
    standing.judge(ALL_IMPORTED, 0)

    assert.equal(standing.suspect(100, 110), false)
    assert.equal(standing.suspect(120, 130), true)
  })

  it('does not mean so when something was imported while the delivery lasted', () => {
    const standing = createStanding()
    standing.judge(ALL_IMPORTED, 100)
    standing.suspect(100, 110)

    assert.equal(standing.suspect(100, 130), false)
    assert.equal(standing.suspect(101, 130), true)
  })
})

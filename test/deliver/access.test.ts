import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createIsAccessRefused } from '../../src/deliver/access.ts'
import type { RecordedVerdict } from '../../src/deliver/trust.ts'
import type { Refusal } from '../../src/deliver/unnamed-refusal.ts'
import { aSink } from '../helpers/builders.ts'
import { pendingOf } from './a-delivery.ts'

const REFUSED: Refusal = {
  kind: 'refused',
  reason: 'refused_by_mixpanel',
  detail: 'no',
  certain: false,
}
const OF_ACCESS: Refusal = { ...REFUSED, hint: 'access' }
const OF_TIME: Refusal = { ...REFUSED, hint: 'transience' }
const SINCE = 1_000

function ask(answers: readonly Refusal[], { imported = false, aboutEvents = false } = {}) {
  const noted: unknown[] = []
  const batch = pendingOf(aSink())
  const isAccessRefused = createIsAccessRefused({
    gate: { noteUnauthorized: (since) => noted.push(['unauthorized', since]) },
    trust: {
      record: (verdict, sentAt) => {
        noted.push(['recorded', verdict.kind, sentAt])
        return MISCONFIGURED
      },
      hasImportedSince: (since) => imported && since === SINCE,
    },
    refusals: {
      noteText: (events) => noted.push(['noted', events === batch]),
      isAboutEvents: (asked) => aboutEvents && asked === batch,
    },
    misconfigured: (status) => noted.push(['reported', status]),
  })
  return { isRefused: isAccessRefused(batch, answers, SINCE), noted }
}

const MISCONFIGURED: RecordedVerdict = { kind: 'misconfigured', status: 400 }

describe('refusals that speak of credentials', () => {
  it('mean that access is refused when there are two: the gate notes it, and reports it', () => {
    const { isRefused, noted } = ask([OF_ACCESS, OF_ACCESS])

    assert.equal(isRefused, true)
    assert.deepEqual(noted, [
      ['noted', true],
      ['recorded', 'misconfigured', SINCE],
      ['unauthorized', SINCE],
      ['reported', 400],
    ])
  })

  for (const [what, answers, changes] of [
    ['there is none', [], {}],
    ['there is one', [OF_ACCESS], {}],
    ['one of two says nothing of them', [OF_ACCESS, REFUSED], {}],
    ['one of three speaks of a fault that passes', [OF_ACCESS, OF_TIME, OF_ACCESS], {}],
    ['something is imported meanwhile', [OF_ACCESS, OF_ACCESS], { imported: true }],
    ['the message met such texts before', [OF_ACCESS, OF_ACCESS], { aboutEvents: true }],
  ] as const) {
    it(`mean nothing else than other refusals when ${what}`, () => {
      assert.deepEqual(ask(answers, changes), { isRefused: false, noted: [] })
    })
  }
})

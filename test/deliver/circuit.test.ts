import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  afterEnd,
  afterStart,
  type Circuit,
  type EndedAttempt,
  OPEN,
  opensAt,
} from '../../src/deliver/circuit.ts'

const NOW = 100_000

/** The circuit as it is at `NOW`, with an attempt under way that was sent in its time. */
const BEFORE: Readonly<Record<'open' | 'half_open' | 'unauthorized', Circuit>> = {
  open: OPEN,
  half_open: { kind: 'half_open', until: 50, closedAt: 0, refusals: 1 },
  unauthorized: afterStart({
    kind: 'unauthorized',
    until: 50,
    sentAt: 0,
    nextProbeAt: 60,
    closedAt: 0,
    refusals: 0,
  }),
}

/** The rows of the table in the source: the state after each end, and when the next attempt starts. */
const TABLE = {
  open: {
    taken: ['open', -Infinity],
    refused: ['open', -Infinity],
    failed: ['open', -Infinity],
    throttled: ['paused', NOW + 4_000],
    misconfigured: ['unauthorized', NOW + 10_000],
  },
  half_open: {
    taken: ['open', -Infinity],
    refused: ['paused', 50],
    failed: ['paused', 50],
    throttled: ['paused', NOW + 8_000],
    misconfigured: ['unauthorized', NOW + 10_000],
  },
  unauthorized: {
    taken: ['open', -Infinity],
    refused: ['open', -Infinity],
    failed: ['unauthorized', NOW + 10_000],
    throttled: ['unauthorized', NOW + 10_000],
    misconfigured: ['unauthorized', NOW + 10_000],
  },
} as const

describe('the circuit', () => {
  for (const state of ['open', 'half_open', 'unauthorized'] as const) {
    for (const end of ['taken', 'refused', 'failed', 'throttled', 'misconfigured'] as const) {
      const [kind, from] = TABLE[state][end]
      it(`goes from ${state} to ${kind} after an attempt that ended as ${end}`, () => {
        const after = afterEnd(BEFORE[state], anEnd(end), pauseMs)

        assert.deepEqual([after.kind, opensAt(after)], [kind, from])
      })
    }
  }

  it('lets one attempt start after a pause, as the probe, and then no other', () => {
    const paused: Circuit = { kind: 'paused', until: 50, closedAt: 0, refusals: 1 }

    const probing = afterStart(paused)

    assert.deepEqual([opensAt(paused), probing.kind, opensAt(probing)], [50, 'half_open', Infinity])
  })

  it('is as it was after an attempt that was sent before it left open', () => {
    const late = { ...anEnd('taken'), sentAt: 0 }

    assert.equal(afterEnd(BEFORE.half_open, late, pauseMs), BEFORE.half_open)
  })
})

function anEnd(kind: EndedAttempt['kind']): EndedAttempt {
  return { kind, sentAt: 60, now: NOW, askedMs: undefined }
}

function pauseMs(refusals: number): number {
  return 2_000 * 2 ** refusals
}

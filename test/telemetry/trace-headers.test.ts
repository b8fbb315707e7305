import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { traceOfRequest } from '../../src/telemetry/trace-headers.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const GOOD = { traceId: TRACE, spanId: SPAN, isSampled: true }

function hexOf(digits: number) {
  return fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits })
    .filter((text) => !/^0*$/.test(text))
}

describe('the trace of a request', () => {
  it('is that of traceparent, whatever its ids', () => {
    fc.assert(
      fc.property(hexOf(32), hexOf(16), fc.nat(255), (traceId, spanId, flags) => {
        const traceparent = `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`

        assert.deepEqual(traceOfRequest({ headers: { traceparent } }), {
          traceId,
          spanId,
          isSampled: flags % 2 === 1,
        })
      }),
    )
  })

  it('is else that of X-Cloud-Trace-Context, whose span id is decimal', () => {
    fc.assert(
      fc.property(
        hexOf(32),
        hexOf(16),
        fc.constantFrom('', ';o=0', ';o=1'),
        (traceId, spanId, o) => {
          const header = `${traceId}/${BigInt(`0x${spanId}`)}${o}`

          assert.deepEqual(traceOfRequest({ headers: { 'x-cloud-trace-context': header } }), {
            traceId,
            spanId,
            isSampled: o === ';o=1',
          })
        },
      ),
    )
  })

  for (const [what, headers, trace] of [
    [
      'both headers',
      { traceparent: `00-${TRACE}-${SPAN}-01`, 'x-cloud-trace-context': `${'1'.repeat(32)}/7` },
      GOOD,
    ],
    [
      'a bad traceparent beside the other',
      { traceparent: 'x', 'x-cloud-trace-context': `${TRACE}/74;o=1` },
      { ...GOOD, spanId: '000000000000004a' },
    ],
    ['a later version with more fields', { traceparent: `01-${TRACE}-${SPAN}-01-more` }, GOOD],
    [
      'upper case in the older header',
      { 'x-cloud-trace-context': TRACE.toUpperCase() },
      { traceId: TRACE, isSampled: false },
    ],
    [
      'a span id of nought',
      { 'x-cloud-trace-context': `${TRACE}/0;o=1` },
      { traceId: TRACE, isSampled: true },
    ],
    [
      'a span id beyond eight bytes',
      { 'x-cloud-trace-context': `${TRACE}/18446744073709551616` },
      { traceId: TRACE, isSampled: false },
    ],
    ['no header', {}, undefined],
    ['version 00 with more fields', { traceparent: `00-${TRACE}-${SPAN}-01-more` }, undefined],
    ['the version that is forbidden', { traceparent: `ff-${TRACE}-${SPAN}-01` }, undefined],
    [
      'upper case in traceparent',
      { traceparent: `00-${TRACE.toUpperCase()}-${SPAN}-01` },
      undefined,
    ],
    ['a trace id of noughts', { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }, undefined],
    ['a parent id of noughts', { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` }, undefined],
    [
      'two values of the header',
      { traceparent: `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01` },
      undefined,
    ],
    ['a list of values', { traceparent: [`00-${TRACE}-${SPAN}-01`] }, undefined],
    [
      'a trace of noughts in the older header',
      { 'x-cloud-trace-context': `${'0'.repeat(32)}/1` },
      undefined,
    ],
  ] as const) {
    it(`is ${trace ? 'found' : 'none'} with ${what}`, () => {
      assert.deepEqual(traceOfRequest({ headers }), trace)
    })
  }

  it('is none, and no error, whatever the headers hold', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (traceparent, cloud) => {
        const trace = traceOfRequest({ headers: { traceparent, 'x-cloud-trace-context': cloud } })

        assert.equal(trace, undefined)
      }),
    )
  })
})

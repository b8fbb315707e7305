import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ImportAnswer } from '../../src/deliver/answer.ts'
import { type Verdict, verdictOn } from '../../src/deliver/verdict.ts'
import { IMPORTED } from '../../src/model/outcome.ts'

const SENT = 3
const UNKNOWN: Verdict = { kind: 'retry', reason: 'unknown_answer' }

/** Mixpanel's JSON, or any text. */
function anAnswer(status: number, body: unknown = '', retryAfter?: string): ImportAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = { kind: 'answered', status, body: text } as const
  return retryAfter === undefined ? answer : { ...answer, retryAfter }
}

const OK = { code: 200, num_records_imported: SENT, status: 'OK' }
const RECORD = {
  index: 1,
  insert_id: 'id-2',
  field: 'properties.time',
  message: "'properties.time' is invalid: must not be in the future",
}
const REFUSAL = {
  code: 400,
  error: 'some data points in the request failed validation',
  failed_records: [RECORD],
  num_records_imported: SENT - 1,
  status: 'Bad Request',
}
const REJECTED = {
  kind: 'rejected',
  reason: 'refused_by_mixpanel',
  field: RECORD.field,
  detail: RECORD.message,
} as const
const { field: _field, ...FIELDLESS } = REJECTED

const rows: { name: string; answer: ImportAnswer; verdict: Verdict }[] = [
  { name: '200 that counts all', answer: anAnswer(200, OK), verdict: { kind: 'imported' } },
  {
    name: '200 that counts all and says nothing else',
    answer: anAnswer(200, { num_records_imported: SENT }),
    verdict: { kind: 'imported' },
  },
  {
    name: '400 with a record',
    answer: anAnswer(400, REFUSAL),
    verdict: { kind: 'settled', outcomes: [IMPORTED, REJECTED, IMPORTED] },
  },
  {
    name: '400 with a record under its other id key',
    answer: anAnswer(400, { ...REFUSAL, failed_records: [{ ...RECORD, $insert_id: 'id-2' }] }),
    verdict: { kind: 'settled', outcomes: [IMPORTED, REJECTED, IMPORTED] },
  },
  {
    name: '400 with records for all, in any order',
    answer: anAnswer(400, {
      ...REFUSAL,
      failed_records: [2, 0, 1].map((index) => ({ ...RECORD, index })),
      num_records_imported: 0,
    }),
    verdict: { kind: 'settled', outcomes: [REJECTED, REJECTED, REJECTED] },
  },
  {
    name: '400 with a record that gives no reason',
    answer: anAnswer(400, { ...REFUSAL, failed_records: [{ index: 0, field: 7 }] }),
    verdict: {
      kind: 'settled',
      outcomes: [{ ...FIELDLESS, detail: 'no reason given' }, IMPORTED, IMPORTED],
    },
  },
  {
    name: '400, the body was too large',
    answer: anAnswer(400, {
      error: 'json decode error at element idx: 9, byte_offset: 99: http: request body too large',
      status: 0,
    }),
    verdict: { kind: 'split' },
  },
  { name: '413', answer: anAnswer(413, '<html>'), verdict: { kind: 'split' } },
  {
    name: '401',
    answer: anAnswer(401, { code: 401, error: 'Invalid credentials', status: 'Unauthorized' }),
    verdict: { kind: 'misconfigured', status: 401 },
  },
  { name: '429', answer: anAnswer(429), verdict: { kind: 'retry', reason: 'throttled' } },
  {
    name: '429 with a Retry-After',
    answer: anAnswer(429, '', '7'),
    verdict: { kind: 'retry', reason: 'throttled', retryAfter: '7' },
  },
  {
    name: '503 with a Retry-After',
    answer: anAnswer(503, '', '7'),
    verdict: { kind: 'retry', reason: 'mixpanel_unavailable', retryAfter: '7' },
  },
  ...[408, 500, 502, 503, 504, 599].map((status) => ({
    name: `${status}`,
    answer: anAnswer(status, 'upstream error'),
    verdict: { kind: 'retry', reason: 'mixpanel_unavailable' } as const,
  })),
  {
    name: 'no answer in time',
    answer: { kind: 'unanswered', reason: 'mixpanel_timeout' },
    verdict: { kind: 'retry', reason: 'mixpanel_timeout' },
  },
  {
    name: 'no answer at all',
    answer: { kind: 'unanswered', reason: 'mixpanel_unreachable' },
    verdict: { kind: 'retry', reason: 'mixpanel_unreachable' },
  },
]

/** Whatever is not understood is retried. */
const unknown: { name: string; answer: ImportAnswer }[] = [
  { name: '200 with `status: 0`', answer: anAnswer(200, { ...OK, status: 0 }) },
  { name: '200 that counts fewer', answer: anAnswer(200, { ...OK, num_records_imported: 2 }) },
  { name: '200 that counts more', answer: anAnswer(200, { ...OK, num_records_imported: 4 }) },
  { name: '200 that counts in words', answer: anAnswer(200, { ...OK, num_records_imported: '3' }) },
  { name: '200 that counts nothing', answer: anAnswer(200, { code: 200, status: 'OK' }) },
  { name: '200 of the legacy API', answer: anAnswer(200, '1') },
  { name: '200 with a page', answer: anAnswer(200, '<html>OK</html>') },
  { name: '200 with half an answer', answer: anAnswer(200, JSON.stringify(OK).slice(0, 40)) },
  { name: '200 with an array', answer: anAnswer(200, [OK]) },
  { name: '200 with null', answer: anAnswer(200, 'null') },
  { name: '200 with nothing', answer: anAnswer(200, '') },
  ...[201, 202, 204, 206, 301, 302, 304, 307].map((status) => ({
    name: `${status} with the body of a success`,
    answer: anAnswer(status, OK),
  })),
  ...[402, 403, 404, 405, 409, 422, 451].map((status) => ({
    name: `${status} with the body of a refusal`,
    answer: anAnswer(status, REFUSAL),
  })),
  { name: '400 with a page', answer: anAnswer(400, '<html>request body too large</html>') },
  { name: '400 with half an answer', answer: anAnswer(400, JSON.stringify(REFUSAL).slice(0, 99)) },
  { name: '400 without records', answer: anAnswer(400, { error: 'no', status: 0 }) },
  {
    name: '400 with an empty list of records',
    answer: anAnswer(400, { ...REFUSAL, failed_records: [], num_records_imported: SENT }),
  },
  {
    name: '400 whose books do not balance',
    answer: anAnswer(400, { ...REFUSAL, num_records_imported: 1 }),
  },
  {
    name: '400 that does not count what it imported',
    answer: anAnswer(400, { ...REFUSAL, num_records_imported: undefined }),
  },
  {
    name: '400 that lists a record twice',
    answer: anAnswer(400, {
      ...REFUSAL,
      failed_records: [RECORD, RECORD],
      num_records_imported: 1,
    }),
  },
  ...['strings', 3, -1, 0.5, '1', null].map((index) => ({
    name: `400 with ${index === 'strings' ? 'strings for records' : `index ${JSON.stringify(index)}`}`,
    answer: anAnswer(400, {
      ...REFUSAL,
      failed_records: [index === 'strings' ? 'identity events are not allowed' : { index }],
    }),
  })),
]

describe('verdictOn', () => {
  for (const { name, answer, verdict } of rows) {
    it(`answers ${verdict.kind} to ${name}`, () => {
      assert.deepEqual(verdictOn(answer, SENT), verdict)
    })
  }

  for (const { name, answer } of unknown) {
    it(`does not understand, and retries, ${name}`, () => {
      assert.deepEqual(verdictOn(answer, SENT), UNKNOWN)
    })
  }
})

describe('verdictOn, for any answer whatsoever', () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 0, 1, 2, SENT, 4, 'OK', '', null))
  const refusal = fc.subarray([0, 1, 2], { minLength: 1 }).map((indexes) => ({
    ...REFUSAL,
    failed_records: indexes.map((index) => ({ ...RECORD, index })),
    num_records_imported: SENT - indexes.length,
  }))
  const oversize = { error: 'http: request body too large', status: 0 }
  const reply = fc.oneof(fc.constant(OK), fc.constant(oversize), refusal)
  const text = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(reply, fc.nat({ max: 25 }), value).map(withReplaced) },
    fc.json(),
    fc.string(),
  )
  const body = fc.oneof(
    { weight: 6, arbitrary: text },
    fc.tuple(text, fc.nat({ max: 200 })).map(([whole, length]) => whole.slice(0, length)),
  )
  const status = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(200, 400) },
    fc.constantFrom(401, 413, 429),
    fc.integer({ min: 100, max: 999 }),
  )
  const answer = fc.record({ status, body })

  it('never throws, and settles nothing that the answer does not say', () => {
    fc.assert(
      fc.property(answer, ({ status, body }) => {
        const verdict = verdictOn(anAnswer(status, body), SENT)

        if (verdict.kind === 'imported') assert.ok(saysAllImported(status, body))
        if (verdict.kind === 'settled') {
          const indexes = indexesRefused(status, body)
          const kinds = verdict.outcomes.map(({ kind }) => kind)
          const expected = [0, 1, 2].map((at) => (indexes.includes(at) ? 'rejected' : 'imported'))
          assert.ok(indexes.length > 0)
          assert.deepEqual(kinds, expected)
        }
        if (verdict.kind === 'split') assert.ok(status === 413 || status === 400)
        if (verdict.kind === 'misconfigured') assert.equal(status, 401)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is not blind: it settles what the answer does say', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(answer, ({ status, body }) => {
        const { kind } = verdictOn(anAnswer(status, body), SENT)
        seen.add(kind)

        if (saysAllImported(status, body)) assert.equal(kind, 'imported')
        if (indexesRefused(status, body).length > 0)
          assert.ok(kind === 'settled' || kind === 'split')
      }),
      { numRuns: 2_000 },
    )
    assert.deepEqual([...seen].sort(), ['imported', 'misconfigured', 'retry', 'settled', 'split'])
  })

  /** An answer's JSON with one of its nodes replaced, or none when there are fewer. */
  function withReplaced([object, place, value]: [object, number, unknown]): string {
    let visited = 0
    return JSON.stringify(object, (_key, node: unknown) => (visited++ === place ? value : node))
  }

  /** The table of the design, told once more in other words. */
  function saysAllImported(status: number, body: string): boolean {
    const said = parsed(body)
    return status === 200 && said?.num_records_imported === SENT && said.status !== 0
  }

  function indexesRefused(status: number, body: string): unknown[] {
    const { failed_records: records, num_records_imported: imported } = parsed(body) ?? {}
    if (status !== 400 || !Array.isArray(records)) return []
    const indexes = records.map((record: { index?: unknown } | null) => record?.index)
    const isValid = [0, 1, 2].filter((index) => indexes.includes(index)).length === indexes.length
    return isValid && imported === SENT - indexes.length ? indexes : []
  }

  function parsed(body: string): Partial<Record<string, unknown>> | undefined {
    try {
      return JSON.parse(body)
    } catch {
      return undefined
    }
  }
})

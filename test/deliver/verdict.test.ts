import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ImportAnswer } from '../../src/deliver/answer.ts'
import type { Refusal } from '../../src/deliver/unnamed-refusal.ts'
import { replyIn, type SentEvent, type Verdict, verdictOn } from '../../src/deliver/verdict.ts'
import { IMPORTED, type Rejected } from '../../src/model/outcome.ts'

const EVENTS: readonly SentEvent[] = ['id-1', 'id-2', 'id-3'].map((insertId) => {
  return { insertId, identityVerb: false }
})
const VERBS = EVENTS.map((event) => ({ ...event, identityVerb: true }))
const SENT = EVENTS.length
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
const NO_IDENTITY =
  'identity events are not allowed when project is using simplified identity management'
/** The form without an index: of one identity verb, or of all that were sent with it. */
const OPAQUE = { ...REFUSAL, failed_records: [NO_IDENTITY], num_records_imported: 0 }
const BROKEN = { error: 'json decode error at element idx: 1, byte_offset: 9: EOF', status: 0 }
const OVERSIZE = {
  error: 'json decode error at element idx: 9, byte_offset: 99: http: request body too large',
  status: 0,
}
const REJECTED = {
  kind: 'rejected',
  reason: 'refused_by_mixpanel',
  field: RECORD.field,
  detail: RECORD.message,
} as const
const { field: _field, ...FIELDLESS } = REJECTED
const { index: _index, ...UNNUMBERED } = RECORD

function refusalOf(detail: string, hint?: 'access' | 'transience'): Refusal {
  const reason = 'refused_by_mixpanel'
  return { kind: 'refused', reason, detail, certain: false, ...(hint && { hint }) }
}

function tooLarge(detail: string, certain: boolean): Refusal {
  return { kind: 'refused', reason: 'too_large', detail, certain }
}

function listed(...places: readonly (readonly [number, Rejected])[]): Verdict {
  return { kind: 'listed', rejected: new Map(places) }
}

/** A refusal with these records, which has imported so many. */
function refusing(
  failed_records: unknown,
  num_records_imported?: unknown,
  error: string = REFUSAL.error,
): ImportAnswer {
  return anAnswer(400, { ...REFUSAL, error, failed_records, num_records_imported })
}

interface Row {
  readonly name: string
  readonly answer: ImportAnswer
  readonly verdict: Verdict
  readonly sent?: readonly SentEvent[]
}

const successes: readonly Row[] = [
  { name: '200 that counts all', answer: anAnswer(200, OK), verdict: { kind: 'imported' } },
  {
    name: '200 that counts all and says nothing else',
    answer: anAnswer(200, { num_records_imported: SENT }),
    verdict: { kind: 'imported' },
  },
  ...[0, 1, 2].map((imported) => ({
    name: `200 OK that counts ${imported} of ${SENT}`,
    answer: anAnswer(200, { ...OK, num_records_imported: imported }),
    verdict: { kind: 'shortfall', imported } as const,
  })),
]

const namedRefusals: readonly Row[] = [
  {
    name: '400 with a record',
    answer: anAnswer(400, REFUSAL),
    verdict: { kind: 'settled', outcomes: [IMPORTED, REJECTED, IMPORTED] },
  },
  {
    name: '400 with a record under its other id key',
    answer: refusing([{ ...RECORD, insert_id: undefined, $insert_id: 'id-2' }], SENT - 1),
    verdict: { kind: 'settled', outcomes: [IMPORTED, REJECTED, IMPORTED] },
  },
  {
    name: '400 with records for all, in any order',
    answer: refusing(
      [2, 0, 1].map((index) => ({ ...RECORD, index })),
      0,
    ),
    verdict: { kind: 'settled', outcomes: [REJECTED, REJECTED, REJECTED] },
  },
  {
    name: '400 with a record that gives no reason',
    answer: refusing([{ index: 0, field: 7 }], SENT - 1),
    verdict: {
      kind: 'settled',
      outcomes: [{ ...FIELDLESS, detail: 'no reason given' }, IMPORTED, IMPORTED],
    },
  },
  ...['insert_id', '$insert_id'].map((key) => ({
    name: `400 with a record that has no index, by its ${key}`,
    answer: refusing([{ ...UNNUMBERED, insert_id: undefined, [key]: 'id-3' }], SENT - 1),
    verdict: { kind: 'settled', outcomes: [IMPORTED, IMPORTED, REJECTED] } as const,
  })),
  {
    name: '400 that has imported fewer than it does not list',
    answer: refusing([RECORD], 1),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '400 that has imported more than it does not list',
    answer: refusing([RECORD], SENT),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '400 that does not count what it imported',
    answer: refusing([RECORD]),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '400 that counts in words',
    answer: refusing([RECORD], '2'),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '400 that lists a record twice',
    answer: refusing([RECORD, RECORD], 1),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '400 that lists one event twice, and then balances',
    answer: refusing([RECORD, RECORD], 2),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '400 that lists an event, and a place that no event has',
    answer: refusing([RECORD, { ...RECORD, index: 3 }], 1),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '400 that lists an event, and a text',
    answer: refusing([NO_IDENTITY, RECORD], 1),
    verdict: listed([1, REJECTED]),
  },
  ...[
    NO_IDENTITY,
    'Identity events are not allowed when project is using Simplified ID Merge',
    'identity event is not supported in a project with simplified id merge.',
  ].map((text) => ({
    name: `400 with the text of Simplified ID Merge, for a batch of identity verbs: ${text}`,
    answer: refusing([text], 0),
    sent: VERBS,
    verdict: {
      kind: 'settled',
      outcomes: VERBS.map(() => ({ ...FIELDLESS, detail: text })),
    } as const,
  })),
  {
    name: '400 with that text in place of a list, for a batch of identity verbs',
    answer: refusing(undefined, 0, NO_IDENTITY),
    sent: VERBS,
    verdict: {
      kind: 'settled',
      outcomes: VERBS.map(() => ({ ...FIELDLESS, detail: NO_IDENTITY })),
    },
  },
]

const successesThatListFailures: readonly Row[] = [
  {
    name: '200 that lists a failure and counts the others',
    answer: anAnswer(200, { ...OK, failed_records: [RECORD], num_records_imported: SENT - 1 }),
    verdict: { kind: 'settled', outcomes: [IMPORTED, REJECTED, IMPORTED] },
  },
  {
    name: '200 that lists a failure and counts all',
    answer: anAnswer(200, { ...OK, failed_records: [RECORD] }),
    verdict: listed([1, REJECTED]),
  },
  {
    name: '200 with an empty list',
    answer: anAnswer(200, { ...OK, failed_records: [] }),
    verdict: { kind: 'imported' },
  },
]

const unnamedRefusals: readonly Row[] = [
  { name: '400 with a text', answer: anAnswer(400, OPAQUE), verdict: refusalOf(NO_IDENTITY) },
  {
    name: '400 with a text that does not count',
    answer: refusing([NO_IDENTITY]),
    verdict: refusalOf(NO_IDENTITY),
  },
  ...[
    '$anon_id is no UUID',
    `no event may say "${NO_IDENTITY}"`,
    'identity events are not allowed',
    'simplified identity management: identity events are not allowed',
  ].map((text) => ({
    name: `400 with another text, for a batch of identity verbs: ${text}`,
    answer: refusing([text], 0),
    sent: VERBS,
    verdict: refusalOf(text),
  })),
  {
    name: '400 with a text, when one event is no identity verb',
    answer: anAnswer(400, OPAQUE),
    sent: [...VERBS.slice(1), ...EVENTS.slice(0, 1)],
    verdict: refusalOf(NO_IDENTITY),
  },
  ...[3, -1, 0.5, '1', null].map((index) => ({
    name: `400 with the index ${JSON.stringify(index)} alone`,
    answer: refusing([{ index }], 0),
    verdict: refusalOf(REFUSAL.error),
  })),
  {
    name: '400 with an index out of range, whatever its insert id says',
    answer: refusing([{ ...RECORD, index: 3 }], 0),
    verdict: refusalOf(REFUSAL.error),
  },
  {
    name: '400 with an insert id that two events have',
    answer: refusing([{ insert_id: 'id-1' }], 0),
    sent: EVENTS.map((event) => ({ ...event, insertId: 'id-1' })),
    verdict: refusalOf(REFUSAL.error),
  },
  {
    name: '400 with records of another shape, and no text',
    answer: anAnswer(400, { failed_records: [7, null, []], num_records_imported: 0 }),
    verdict: refusalOf('no reason given'),
  },
  {
    name: '400 with an empty list',
    answer: refusing([], 0),
    verdict: refusalOf(REFUSAL.error),
  },
  {
    name: '400 without a list',
    answer: anAnswer(400, { code: 400, error: 'no', status: 'Bad Request' }),
    verdict: refusalOf('no'),
  },
  {
    name: '400, the JSON could not be decoded',
    answer: anAnswer(400, BROKEN),
    verdict: refusalOf(BROKEN.error),
  },
  {
    name: '400, JSON that could not be decoded, of identity verbs',
    answer: anAnswer(400, BROKEN),
    sent: VERBS,
    verdict: refusalOf(BROKEN.error),
  },
  {
    name: '400, the body was too large',
    answer: anAnswer(400, OVERSIZE),
    verdict: tooLarge(OVERSIZE.error, true),
  },
  {
    name: '413',
    answer: anAnswer(413, { code: 413, error: 'request exceeds max limit', status: 'Too Large' }),
    verdict: tooLarge('request exceeds max limit', true),
  },
  {
    name: '413 of a proxy',
    answer: anAnswer(413, '<html>'),
    verdict: tooLarge('no reason given', false),
  },
  {
    name: '413 of a gateway that speaks JSON',
    answer: anAnswer(413, { error: { code: 413 } }),
    verdict: tooLarge('no reason given', false),
  },
]

const OTHER_PROJECT = 'Credentials in request did not match project_id URL parameter'

const accessRefusals: readonly Row[] = [
  {
    name: '401',
    answer: anAnswer(401, { code: 401, error: 'Invalid credentials', status: 'Unauthorized' }),
    verdict: { kind: 'misconfigured', status: 401 },
  },
  {
    name: '401 of a proxy',
    answer: anAnswer(401),
    verdict: { kind: 'misconfigured', status: 401 },
  },
  ...[
    'Invalid credentials',
    'Invalid service account credentials',
    'Not a valid service account username',
    'user is not a project member',
    'Unauthorized, invalid project secret. See docs for more information',
    'invalid project token',
    'project_id is missing',
    'unknown project id',
    OTHER_PROJECT,
  ].map((error) => ({
    name: `400 that speaks of access: ${error}`,
    answer: anAnswer(400, { error, status: 0 }),
    verdict: refusalOf(error, 'access'),
  })),
  {
    name: '400 with a text that speaks of access, of identity verbs',
    answer: refusing(['Invalid project token'], 0),
    sent: VERBS,
    verdict: refusalOf('Invalid project token', 'access'),
  },
  ...[
    "'properties.project_id' is invalid",
    'properties.credentials is invalid',
    'json decode error at element idx: 3, byte_offset: 99: json: unknown field "project_id"',
    'JSON decode error: unauthorized is no number',
    'cannot unmarshal string into field credentials',
    'unknown property project_id',
    'invalid character in project token',
    'the event "service account unauthorized" has no name',
  ].map((error) => ({
    name: `400 that speaks of an event, whatever its words are: ${error}`,
    answer: anAnswer(400, { error, status: 0 }),
    verdict: refusalOf(error),
  })),
  ...[403, 404].map((status) => ({
    name: `${status} with Mixpanel’s JSON`,
    answer: anAnswer(status, { error: 'forbidden', status: 'error' }),
    verdict: { kind: 'denied', status } as const,
  })),
]

const retries: readonly Row[] = [
  { name: '429', answer: anAnswer(429), verdict: { kind: 'retry', reason: 'throttled' } },
  {
    name: '429 with a Retry-After',
    answer: anAnswer(429, '', '7'),
    verdict: { kind: 'retry', reason: 'throttled', retryAfter: '7' },
  },
  {
    name: '400 that says the rate limit is exceeded',
    answer: anAnswer(400, { error: 'Project exceeded rate limits. Please retry', status: 0 }, '7'),
    verdict: { kind: 'retry', reason: 'throttled', retryAfter: '7' },
  },
  ...['exceeded rate limits', '"Project exceeded rate limits" is no event name'].map((part) => ({
    name: `400 that only quotes the words of the rate limit: ${part}`,
    answer: anAnswer(400, { error: `the event says: ${part}`, status: 0 }),
    verdict: refusalOf(`the event says: ${part}`),
  })),
  ...[
    'a temporary failure occurred',
    'A Temporary Failure occurred.',
    'temporarily unavailable',
    'internal error',
    'internal server error, please try again later',
    'upstream request timeout',
    'request timed out',
    'service unavailable',
  ].map((error) => ({
    name: `400 that speaks of a fault that passes: ${error}`,
    answer: anAnswer(400, { error, status: 0 }),
    verdict: refusalOf(error, 'transience'),
  })),
  {
    name: '400 with a list that speaks of a fault that passes',
    answer: refusing(['a temporary failure occurred'], 0),
    verdict: refusalOf('a temporary failure occurred', 'transience'),
  },
  ...[
    "'event' is invalid: a temporary failure occurred",
    'the event "a temporary failure occurred" is no good',
    'json decode error at element idx: 3: internal error',
    'properties.timeout is invalid',
  ].map((error) => ({
    name: `400 that speaks of an event, and of a fault in its words: ${error}`,
    answer: anAnswer(400, { error, status: 0 }),
    verdict: refusalOf(error),
  })),
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
    answer: { kind: 'unanswered', reason: 'mixpanel_unreachable', cause: 'ECONNRESET' },
    verdict: { kind: 'retry', reason: 'mixpanel_unreachable' },
  },
]

/** Answers without a known meaning, which are retried. */
const unknown: { name: string; answer: ImportAnswer }[] = [
  { name: '200 with `status: 0`', answer: anAnswer(200, { ...OK, status: 0 }) },
  { name: '200 with `status: "0"`', answer: anAnswer(200, { ...OK, status: '0' }) },
  {
    name: '200 that counts fewer without saying OK',
    answer: anAnswer(200, { num_records_imported: 2, status: 'Partial' }),
  },
  { name: '200 that counts more', answer: anAnswer(200, { ...OK, num_records_imported: 4 }) },
  { name: '200 that counts in words', answer: anAnswer(200, { ...OK, num_records_imported: '3' }) },
  {
    name: '200 that counts less than none',
    answer: anAnswer(200, { ...OK, num_records_imported: -1 }),
  },
  { name: '200 that counts halves', answer: anAnswer(200, { ...OK, num_records_imported: 1.5 }) },
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
  ...[402, 405, 409, 422, 451].map((status) => ({
    name: `${status} with the body of a refusal`,
    answer: anAnswer(status, REFUSAL),
  })),
  ...[403, 404].flatMap((status) => [
    { name: `${status} with a page`, answer: anAnswer(status, '<html>') },
    { name: `${status} of a gateway`, answer: anAnswer(status, { error: { code: status } }) },
  ]),
  { name: '400 with a page', answer: anAnswer(400, '<html>request body too large</html>') },
  { name: '400 with half an answer', answer: anAnswer(400, JSON.stringify(REFUSAL).slice(0, 99)) },
  { name: '400 of a gateway', answer: anAnswer(400, { error: { code: 400 }, status: 0 }) },
  { name: '400 of a proxy that speaks JSON', answer: anAnswer(400, { error: 'bad request' }) },
  { name: '400 with an empty list, and all imported', answer: refusing([], SENT) },
  { name: '400 without a list, and some imported', answer: refusing(undefined, 1) },
  { name: '400 with a text, and some imported', answer: refusing([NO_IDENTITY], SENT - 1) },
  { name: '400 with an index of no event, and some imported', answer: refusing([{ index: 3 }], 1) },
]

describe('verdictOn', () => {
  const rows = [
    ...successes,
    ...successesThatListFailures,
    ...namedRefusals,
    ...unnamedRefusals,
    ...accessRefusals,
    ...retries,
  ]
  for (const { name, answer, verdict, sent = EVENTS } of rows) {
    it(`answers ${verdict.kind} to ${name}`, () => {
      assert.deepEqual(verdictOn(answer, sent), verdict)
    })
  }

  for (const { name, answer } of unknown) {
    it(`retries an answer that is not understood: ${name}`, () => {
      assert.deepEqual(verdictOn(answer, EVENTS), UNKNOWN)
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
  const reply = fc.oneof(
    ...[OK, { ...OK, num_records_imported: 1 }, OVERSIZE, BROKEN, OPAQUE].map((body) => {
      return fc.constant<object>(body)
    }),
    fc.constant<object>({ error: OTHER_PROJECT, status: 0 }),
    { weight: 6, arbitrary: refusal },
  )
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
    fc.constantFrom(401, 403, 413, 429),
    fc.integer({ min: 100, max: 999 }),
  )
  const answer = fc.record({ status, body })
  const sent = fc.constantFrom(EVENTS, VERBS)

  it('never throws, and calls nothing imported or rejected that the answer does not call so', () => {
    fc.assert(
      fc.property(answer, sent, ({ status, body }, sent) => {
        const verdict = verdictOn(anAnswer(status, body), sent)
        const said = parsed(body)

        for (const place of placesOf(verdict, 'imported')) {
          assert.ok(saysImported(status, said, place))
        }
        for (const place of placesOf(verdict, 'rejected')) {
          assert.ok(saysRejected(status, said, place) || refusesVerbs(status, said, sent))
        }
        if (verdict.kind === 'shortfall') assert.ok(status === 200 && said?.status === 'OK')
        if (verdict.kind === 'refused') assert.ok([200, 400, 413].includes(status))
        if (verdict.kind === 'misconfigured') assert.equal(status, 401)
        if (verdict.kind === 'denied') assert.ok(status === 403 || status === 404)
      }),
      { numRuns: 4_000 },
    )
  })

  it('settles the events that the answer names', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(answer, ({ status, body }) => {
        const verdict = verdictOn(anAnswer(status, body), EVENTS)
        const said = parsed(body)
        seen.add(verdict.kind)

        if (saysAllImported(status, said)) assert.equal(verdict.kind, 'imported')
        const places = [0, 1, 2].filter((place) => saysRejected(status, said, place))
        assert.deepEqual(placesOf(verdict, 'rejected'), places)
      }),
      { numRuns: 4_000 },
    )
    assert.deepEqual(
      [...seen].sort(),
      (seen.has('denied') ? ['denied'] : []).concat(
        ...['imported', 'listed', 'misconfigured', 'refused', 'retry', 'settled', 'shortfall'],
      ),
    )
  })

  /** An answer's JSON with one of its nodes replaced, or none when there are fewer. */
  function withReplaced([object, place, value]: [object, number, unknown]): string {
    let visited = 0
    return JSON.stringify(object, (_key, node: unknown) => (visited++ === place ? value : node))
  }

  /** The places of the events that a verdict calls so. */
  function placesOf(verdict: Verdict, called: 'imported' | 'rejected'): number[] {
    return [0, 1, 2].filter((place) => {
      if (verdict.kind === 'imported') return called === 'imported'
      if (verdict.kind === 'listed') return called === 'rejected' && verdict.rejected.has(place)
      return verdict.kind === 'settled' && verdict.outcomes[place]?.kind === called
    })
  }

  /** The table of the design, in other words. */
  function saysAllImported(status: number, said: Said): boolean {
    if (status !== 200 || said?.num_records_imported !== SENT) return false
    if (recordsOf(status, said).length > 0) return false
    return said.status !== 0 && said.status !== '0'
  }

  function saysImported(status: number, said: Said, place: number): boolean {
    if (saysAllImported(status, said)) return true
    const records = recordsOf(status, said)
    const others = [0, 1, 2].filter((at) => saysRejected(status, said, at))
    const balanced = others.length === records.length
    return (
      records.length > 0 &&
      balanced &&
      said?.num_records_imported === SENT - records.length &&
      !others.includes(place)
    )
  }

  function saysRejected(status: number, said: Said, place: number): boolean {
    return recordsOf(status, said).some((record) => {
      if (typeof record !== 'object' || record === null || Array.isArray(record)) return false
      const { index, insert_id, $insert_id } = record
      if (typeof index === 'number') return index === place
      return (insert_id ?? $insert_id) === `id-${place + 1}`
    })
  }

  function countsSome(said: Said): boolean {
    const { num_records_imported: count, status } = said ?? {}
    if (status === 0 || status === '0') return false
    return Number.isInteger(count) && Number(count) >= 0 && Number(count) <= SENT
  }

  function refusesVerbs(status: number, said: Said, sent: readonly SentEvent[]): boolean {
    const { num_records_imported: imported = 0 } = said ?? {}
    const [text = said?.error] = recordsOf(status, said).filter((record) => {
      return typeof record === 'string'
    })
    return sent === VERBS && imported === 0 && text === NO_IDENTITY
  }

  type Said = Partial<Record<string, unknown>> | undefined

  function recordsOf(status: number, said: Said): Record<string, unknown>[] {
    const records = said?.failed_records
    const lists = status === 400 || (status === 200 && countsSome(said))
    return lists && Array.isArray(records) ? records : []
  }

  function parsed(body: string): Said {
    try {
      return JSON.parse(body)
    } catch {
      return undefined
    }
  }
})

describe('replyIn', () => {
  it('reads a JSON object', () => {
    assert.deepEqual(replyIn('{"code":200,"status":"OK"}'), { code: 200, status: 'OK' })
  })

  for (const body of ['', 'null', '1', '"OK"', '[{"code":200}]', '{"code":200', '<html>']) {
    it(`reads nothing in ${JSON.stringify(body)}`, () => {
      assert.equal(replyIn(body), undefined)
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ODD_ANSWERS, type OddAnswer } from '../../../src/local/mixpanel/odd-answers.ts'
import { aRecord, postImport } from '../post-import.ts'
import { startMixpanel } from '../start-local.ts'

const BATCH = [aRecord(), aRecord({ $insert_id: 'insert-2' })]

/** The answer of each to a batch of two good events, and the number of rows it imports. */
const expected: Readonly<
  Record<OddAnswer, { status: number; body: unknown; type?: string; rows?: number }>
> = {
  upstream_error: {
    status: 503,
    body: 'upstream connect error or disconnect/reset before headers',
    type: 'text/plain',
  },
  unavailable_page: { status: 503, body: /<html>/, type: 'text/html' },
  bad_gateway_page: { status: 502, body: /<html>/, type: 'text/html' },
  bad_gateway_text: { status: 502, body: 'error code: 502', type: 'text/plain' },
  temporary_failure: { status: 500, body: { error: 'a temporary failure occurred', status: 0 } },
  forbidden_page: { status: 403, body: /<html>/, type: 'text/html' },
  too_large_page: { status: 413, body: /<html>/, type: 'text/html' },
  bad_request_page: { status: 400, body: /<html>/, type: 'text/html' },
  moved: { status: 302, body: '', type: 'text/plain' },
  no_content: { status: 204, body: '', type: 'text/plain' },
  success_page: { status: 200, body: /<html>/, type: 'text/html' },
  success_empty: { status: 200, body: '', type: 'text/plain' },
  success_status_0: { status: 200, body: { num_records_imported: 0, status: 0 } },
  success_without_count: { status: 200, body: { code: 200, status: 'OK' } },
  refused_by_text: {
    status: 400,
    body: { failed_records: ['the batch was refused'], num_records_imported: 0 },
  },
  refused_by_decoder: {
    status: 400,
    body: {
      error:
        'json decode error at element idx: 3, byte_offset: 1024: json: unknown field "project_id": unauthorized',
      status: 0,
    },
  },
  temporary_refusal: { status: 400, body: { error: 'a temporary failure occurred', status: 0 } },
  refused_without_list: { status: 400, body: { error: 'something went wrong', status: 0 } },
  count_too_high: { status: 200, body: { num_records_imported: 3, status: 'OK' }, rows: 2 },
  failed_none: { status: 400, body: { failed_records: [], num_records_imported: 2 }, rows: 2 },
  failed_unbalanced: {
    status: 400,
    body: { failed_records: [{ index: 0 }], num_records_imported: 0 },
  },
  failed_index_out_of_range: {
    status: 400,
    body: { failed_records: [{ index: 2 }], num_records_imported: 1 },
  },
  failed_index_negative: {
    status: 400,
    body: { failed_records: [{ index: -1 }], num_records_imported: 1 },
  },
  failed_index_twice: {
    status: 400,
    body: { failed_records: [{ index: 0 }, { index: 0 }], num_records_imported: 0 },
  },
  failed_more_than_sent: {
    status: 400,
    body: { failed_records: [{ index: 0 }, { index: 0 }, { index: 0 }], num_records_imported: 0 },
  },
}

describe('a stand-in that gives an odd answer', () => {
  for (const [name, { status, body, type = 'application/json', rows = 0 }] of Object.entries(
    expected,
  )) {
    it(`says ${name} and imports ${rows} of two`, async (t) => {
      const mixpanel = await startMixpanel(t)
      mixpanel.answerAlways({ kind: 'odd', answer: nameIn(name) })

      const answer = await fetch(`${mixpanel.url}/import?strict=1`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          authorization: 'Basic local-project-token:',
          'content-type': 'application/json',
        },
        body: JSON.stringify(BATCH),
      })

      assert.equal(answer.status, status)
      assert.equal(answer.headers.get('content-type'), type)
      const text = await answer.text()
      if (body instanceof RegExp) assert.match(text, body)
      else if (typeof body === 'string') assert.equal(text, body)
      else assert.partialDeepStrictEqual(JSON.parse(text), body)
      assert.equal(mixpanel.rows().length, rows)
    })
  }

  it('counts one more than it was sent, so that no refusal hides behind the count', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'odd', answer: 'count_too_high' })

    const { body } = await postImport(mixpanel.url, [aRecord(), aRecord({ time: 0 })])

    assert.partialDeepStrictEqual(body, { num_records_imported: 3 })
    assert.equal(mixpanel.rows().length, 1)
  })
})

function nameIn(text: string): OddAnswer {
  const isName = (one: string): one is OddAnswer => one in ODD_ANSWERS
  assert.ok(isName(text))
  return text
}

import type { Answer } from '../answer.ts'
import { allImported, allRefused, decodeError, someFailed, unreadable } from './import-answers.ts'
import { FAVOURED } from './switches.ts'

/** The number of events in a request, and the number of them that were imported. */
export interface Counts {
  readonly sent: number
  readonly imported: number
}

interface OddRule {
  /** Whether the events are imported in spite of the answer. */
  readonly imports: boolean
  readonly answerTo: (counts: Counts) => Answer
}

/** Answers seen from Mixpanel or from a proxy before it, and answers that no client may trust. */
export const ODD_ANSWERS = {
  /** Envoy, in plain text (mixpanel-utils#23, mixpanel-node#149). */
  upstream_error: fixed({
    status: 503,
    body: 'upstream connect error or disconnect/reset before headers',
  }),
  unavailable_page: fixed(page(503, '503 Service Temporarily Unavailable')),
  bad_gateway_page: fixed(page(502, '502 Bad Gateway')),
  bad_gateway_text: fixed({ status: 502, body: 'error code: 502' }),
  /** The HTTP status is not known (mixpanel-flutter#88, mixpanel-python#80). */
  temporary_failure: fixed({
    status: 500,
    body: { error: 'a temporary failure occurred', status: 0 },
  }),
  /** Google's front end, for a blocked range of addresses (mixpanel-php#77). */
  forbidden_page: fixed(page(403, 'Error 403 (Forbidden)!!1')),
  /** nginx (mixpanel-node#127). */
  too_large_page: fixed(page(413, '413 Request Entity Too Large')),
  bad_request_page: fixed(page(400, '400 Bad Request')),
  moved: fixed({ status: 302, headers: { location: 'http://127.0.0.1:9/' } }),
  no_content: fixed({ status: 204 }),
  success_page: fixed(page(200, 'Welcome')),
  success_empty: fixed({ status: 200 }),
  /** The verbose answer without strict=1 when nothing was imported (mixpanel/sheets). */
  success_status_0: fixed({
    status: 200,
    body: {
      code: 200,
      error: 'some data points in the request failed validation',
      num_records_imported: 0,
      status: 0,
    },
  }),
  success_without_count: fixed({ status: 200, body: { code: 200, status: 'OK' } }),
  /** The opaque form: a text in place of rows (live probe, ak--47/mixpanel-import). */
  refused_by_text: fixed(allRefused('the batch was refused')),
  /** The decoder names a place in the body, and its text may hold any word of the event. */
  refused_by_decoder: fixed(
    decodeError(3, 1_024, 'json: unknown field "project_id": unauthorized'),
  ),
  /** The text of a passing fault, under the status of a refusal (mixpanel-python#80). */
  temporary_refusal: fixed({
    status: 400,
    body: { error: 'a temporary failure occurred', status: 0 },
  }),
  /** The answer to a body that cannot be read, given to one that can. */
  refused_without_list: fixed(unreadable('something went wrong')),
  count_too_high: {
    imports: true,
    answerTo: ({ sent }) => allImported(sent + 1),
  },
  /** 400 though all is imported, and no record failed. */
  failed_none: {
    imports: true,
    answerTo: ({ imported }) => someFailed([], imported, FAVOURED),
  },
  /** Nothing is imported and only the first record is listed: the counts do not add up. */
  failed_unbalanced: {
    imports: false,
    answerTo: () => someFailed([failedAt(0)], 0, FAVOURED),
  },
  failed_index_out_of_range: {
    imports: false,
    answerTo: ({ sent }) => someFailed([failedAt(sent)], sent - 1, FAVOURED),
  },
  failed_index_negative: {
    imports: false,
    answerTo: ({ sent }) => someFailed([failedAt(-1)], sent - 1, FAVOURED),
  },
  failed_index_twice: {
    imports: false,
    answerTo: ({ sent }) => someFailed([failedAt(0), failedAt(0)], sent - 2, FAVOURED),
  },
  failed_more_than_sent: {
    imports: false,
    answerTo: ({ sent }) => someFailed(Array(sent + 1).fill(failedAt(0)), 0, FAVOURED),
  },
} as const satisfies Readonly<Record<string, OddRule>>

export type OddAnswer = keyof typeof ODD_ANSWERS

function fixed(answer: Answer): OddRule {
  return { imports: false, answerTo: () => answer }
}

function page(status: number, title: string): Answer {
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body></body>\r\n</html>\r\n`
  return { status, body, headers: { 'content-type': 'text/html' } }
}

function failedAt(index: number) {
  return { index, insertId: '', field: 'event', message: 'made up by the stand-in' }
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createRowStore } from '../../src/local/mixpanel/row-store.ts'
import { LOCAL_CREDENTIALS } from '../../src/local/mixpanel-stand-in.ts'
import { SAMPLE_EVENTS } from '../../src/local/sample-events.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { aRecord, basic, NOW, NOW_SECONDS, postImport } from './post-import.ts'
import { startMixpanel } from './start-local.ts'

const GOOD = aRecord()
const BAD = aRecord({ time: 'yesterday', $insert_id: 'insert-bad' })
const IMPORTED_ONE = { code: 200, num_records_imported: 1, status: 'OK' }
const NDJSON = { headers: { 'content-type': 'application/x-ndjson' } }

describe('an import with strict=1', () => {
  it('is answered with the number of records when all are good', async (t) => {
    const mixpanel = await startMixpanel(t)

    const answer = await postImport(mixpanel.url, [aRecord(), aRecord({ $insert_id: 'insert-2' })])

    assert.deepEqual(answer, {
      status: 200,
      body: { code: 200, num_records_imported: 2, status: 'OK' },
    })
    assert.equal(mixpanel.rows().length, 2)
  })

  it('is 400 when some records fail: these are listed, the others imported', async (t) => {
    const mixpanel = await startMixpanel(t)
    const nameless = { properties: {} }

    const answer = await postImport(mixpanel.url, [BAD, GOOD, nameless])

    assert.deepEqual(answer, {
      status: 400,
      body: {
        code: 400,
        error: 'some data points in the request failed validation',
        failed_records: [
          {
            index: 0,
            insert_id: 'insert-bad',
            field: 'properties.time',
            message: "'properties.time' is invalid: must be specified as seconds since epoch",
          },
          {
            index: 2,
            insert_id: '',
            field: 'event',
            message: "'event' must not be missing or blank",
          },
        ],
        num_records_imported: 1,
        status: 'Bad Request',
      },
    })
    assert.deepEqual(insertIdsOf(mixpanel.rows()), ['insert-1'])
  })

  it('lists failed records under $insert_id when told to', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { insertIdKey: '$insert_id' } })

    const { body } = await postImport(mixpanel.url, [BAD])

    assert.partialDeepStrictEqual(body, { failed_records: [{ $insert_id: 'insert-bad' }] })
  })

  it('is taken with a slash at the end of the path', async (t) => {
    const mixpanel = await startMixpanel(t)

    assert.equal((await postImport(mixpanel.url, [GOOD], { path: '/import/' })).status, 200)
  })

  it('takes the sample events as they are, in NDJSON', async (t) => {
    const mixpanel = await startMixpanel(t)

    const answer = await postImport(mixpanel.url, SAMPLE_EVENTS.join('\n'), NDJSON)

    assert.partialDeepStrictEqual(answer.body, { num_records_imported: 10 })
    assert.deepEqual(
      mixpanel.rows().map(({ raw }) => raw),
      SAMPLE_EVENTS,
    )
  })

  it('drops a record with a truthy $ignore without a word, and does not count it', async (t) => {
    const mixpanel = await startMixpanel(t)

    const answer = await postImport(mixpanel.url, [GOOD, aRecord({ $ignore: true })])

    assert.deepEqual(answer.body, IMPORTED_ONE)
    assert.equal(mixpanel.rows().length, 1)
  })

  it('measures the future by its own clock', async (t) => {
    const mixpanel = await startMixpanel(t, { now: () => NOW - 3600_000 - 1000 })

    const { body } = await postImport(mixpanel.url, [aRecord({ time: NOW_SECONDS })])

    assert.partialDeepStrictEqual(body, { failed_records: [{ field: 'properties.time' }] })
  })

  it('finds the lone surrogate that an escape has brought', async (t) => {
    const mixpanel = await startMixpanel(t)

    const { body } = await postImport(mixpanel.url, [GOOD, aRecord({ title: '\ud800' })])

    assert.partialDeepStrictEqual(body, {
      failed_records: [{ index: 1, field: 'properties.title' }],
      num_records_imported: 1,
    })
  })

  it('takes a well encoded replacement character beside a record that is no UTF-8', async (t) => {
    const mixpanel = await startMixpanel(t)
    const good = JSON.stringify(aRecord({ title: '\ufffd' }))
    const latin1 = Buffer.from(JSON.stringify(aRecord({ title: 'café' })), 'latin1')
    const body = Buffer.concat([Buffer.from(`[${good},`), latin1, Buffer.from(']')])

    const answer = await postImport(mixpanel.url, Uint8Array.from(body))

    assert.partialDeepStrictEqual(answer.body, {
      failed_records: [{ index: 1 }],
      num_records_imported: 1,
    })
  })

  it('finds the record whose bytes are no UTF-8', async (t) => {
    const mixpanel = await startMixpanel(t)
    const latin1 = JSON.stringify([GOOD, aRecord({ title: 'café' })])

    const { body } = await postImport(mixpanel.url, Uint8Array.from(Buffer.from(latin1, 'latin1')))

    assert.partialDeepStrictEqual(body, {
      failed_records: [{ index: 1, field: 'properties.title' }],
      num_records_imported: 1,
    })
  })

  for (const event of ['$identify', '$create_alias', '$merge']) {
    it(`refuses all that travels with ${event} in a Simplified project`, async (t) => {
      const mixpanel = await startMixpanel(t)

      const answer = await postImport(mixpanel.url, [GOOD, aRecord({}, event)])

      assert.deepEqual(answer, {
        status: 400,
        body: {
          code: 400,
          error: 'some data points in the request failed validation',
          failed_records: [
            'identity events are not allowed when project is using simplified identity management',
          ],
          num_records_imported: 0,
          status: 'Bad Request',
        },
      })
      assert.deepEqual(mixpanel.rows(), [])
    })
  }

  it('takes identity verbs in an Original project', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { idManagement: 'original' } })

    assert.equal((await postImport(mixpanel.url, [aRecord({}, '$merge')])).status, 200)
  })
})

describe('an import without strict=1', () => {
  const cases = [
    { query: '', records: [GOOD], body: '1' },
    { query: 'strict=0', records: [GOOD, BAD], body: '1' },
    { query: 'strict=0', records: [BAD], body: '0', rows: 0 },
    { query: 'strict=0', records: [aRecord({ $ignore: 1 }, 'ignored')], body: '1', rows: 0 },
    { query: 'strict=0', records: [aRecord({}, '$identify')], body: '0', rows: 0 },
    { query: 'strict=0&verbose=0', records: [GOOD], body: '1' },
    {
      query: 'strict=0&verbose=1',
      records: [GOOD, BAD],
      body: { code: 200, error: null, num_records_imported: 1, status: 1 },
    },
    { query: 'strict=1&verbose=1', records: [GOOD], body: IMPORTED_ONE },
    {
      query: 'strict=0&verbose=1',
      records: [GOOD],
      body: { code: 200, error: null, num_records_imported: 1, status: 1 },
    },
    {
      query: 'verbose=1',
      records: [{}],
      body: {
        code: 200,
        error: 'some data points in the request failed validation',
        num_records_imported: 0,
        status: 0,
      },
      rows: 0,
    },
  ]
  for (const { query, records, body, rows = 1 } of cases) {
    const events = records.map((record) => ('event' in record ? record.event : 'no event'))
    it(`answers 200 and ${JSON.stringify(body)} to "${query}" with ${events}`, async (t) => {
      const mixpanel = await startMixpanel(t)

      assert.deepEqual(await postImport(mixpanel.url, records, { query }), { status: 200, body })
      assert.equal(mixpanel.rows().length, rows)
    })
  }
})

describe('credentials', () => {
  const { token, serviceAccount, projectId } = LOCAL_CREDENTIALS
  const { username, secret } = serviceAccount
  const project = `project_id=${projectId}`
  const badSecret =
    'Unauthorized, invalid project secret. See docs for more information: ' +
    'https://developer.mixpanel.com/reference/authentication#project-secret'
  const otherProject = 'Credentials in request did not match project_id URL parameter'

  const refused = [
    { what: 'none', authorization: undefined, error: 'Invalid credentials' },
    {
      what: 'not Basic',
      authorization: basic(token, '').replace('Basic', 'Bearer'),
      error: 'Invalid credentials',
    },
    { what: 'no colon', authorization: 'Basic YWJj', error: 'Invalid credentials' },
    { what: 'no user', authorization: basic('', ''), error: 'Invalid credentials' },
    { what: 'an unknown token', authorization: basic('other-token', ''), error: badSecret },
    {
      what: 'a token of another project',
      authorization: basic(token, ''),
      query: 'project_id=7',
      error: otherProject,
    },
    {
      what: 'an unknown service account',
      authorization: basic('stranger', secret),
      query: project,
      error: 'Not a valid service account username',
    },
    {
      what: 'a wrong secret',
      authorization: basic(username, 'wrong'),
      query: project,
      error: 'Invalid service account credentials',
    },
    {
      what: 'a service account without a project id',
      authorization: basic(username, secret),
      error: badSecret,
    },
    {
      what: 'a service account of another project',
      authorization: basic(username, secret),
      query: 'project_id=7',
      error: 'Service account is not a project member',
    },
  ]
  for (const { what, authorization, query = '', error } of refused) {
    it(`are refused with 401 when they are ${what}`, async (t) => {
      const mixpanel = await startMixpanel(t)
      const options = { query: `strict=1&${query}`, headers: { authorization } }

      const answer = await postImport(mixpanel.url, [GOOD], options)

      assert.deepEqual(answer, { status: 401, body: { code: 401, error, status: 'Unauthorized' } })
      assert.deepEqual(mixpanel.rows(), [])
    })
  }

  const accepted = [
    { what: 'the token', authorization: basic(token, '') },
    { what: 'the token with its project', authorization: basic(token, ''), query: project },
    { what: 'the token in plain', authorization: `Basic ${token}:` },
    { what: 'the service account', authorization: basic(username, secret), query: project },
  ]
  for (const { what, authorization, query = '' } of accepted) {
    it(`are accepted when they are ${what}`, async (t) => {
      const mixpanel = await startMixpanel(t)
      const options = { query: `strict=1&${query}`, headers: { authorization } }

      assert.equal((await postImport(mixpanel.url, [GOOD], options)).status, 200)
    })
  }

  it('are looked at before the body, and without strict=1 too', async (t) => {
    const mixpanel = await startMixpanel(t)
    const headers = { authorization: basic('other-token', '') }

    assert.equal((await postImport(mixpanel.url, '[', { query: '', headers })).status, 401)
  })

  it('are those the stand-in was started with', async (t) => {
    const mixpanel = await startMixpanel(t, { credentials: { token: 'mine' } })
    const statusOf = async (authorization: string, query = 'strict=1') =>
      (await postImport(mixpanel.url, [GOOD], { query, headers: { authorization } })).status

    assert.equal(await statusOf(basic('mine', '')), 200)
    assert.equal(await statusOf(basic('mine', ''), project), 401)
    assert.equal(await statusOf(basic(token, '')), 401)
    assert.equal(await statusOf(basic(username, secret), project), 401)
  })
})

describe('a body', () => {
  it('may be gzipped', async (t) => {
    const mixpanel = await startMixpanel(t)
    const body = Uint8Array.from(gzipSync(JSON.stringify([GOOD])))

    const answer = await postImport(mixpanel.url, body, gzipped())

    assert.deepEqual(answer.body, IMPORTED_ONE)
  })

  it('may name its character set', async (t) => {
    const mixpanel = await startMixpanel(t)
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' }

    assert.equal((await postImport(mixpanel.url, [GOOD], { headers })).status, 200)
  })

  it('may hold no record at all', async (t) => {
    const mixpanel = await startMixpanel(t)

    assert.partialDeepStrictEqual((await postImport(mixpanel.url, '[]')).body, {
      num_records_imported: 0,
    })
  })

  const good = JSON.stringify(GOOD)
  const unreadable = [
    { what: 'cut off', body: `[${good},{"ev`, error: at(1, good.length + 2, 'unexpected EOF') },
    { what: 'a lone object', body: good, error: at(0, 0, 'expected an array') },
    {
      what: 'bad JSON in its second place',
      body: `[${good},{"event":}]`,
      error: at(1, good.length + 2, 'not a JSON object'),
    },
    { what: 'a number in place of a record', body: '[1]', error: at(0, 1, 'not a JSON object') },
    { what: 'followed by a comma', body: '[{},]', error: at(1, 4, 'not a JSON object') },
    {
      what: 'NDJSON with a bad line',
      body: `${good}\n{"event":`,
      options: NDJSON,
      error: at(1, good.length + 1, 'not a JSON object'),
    },
    {
      what: 'called gzip and is not',
      body: `[${good}]`,
      options: gzipped(),
      error: at(0, 0, 'gzip: invalid header'),
    },
    {
      what: 'of another content type',
      body: `[${good}]`,
      options: { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      error: 'data, missing or empty',
    },
  ]
  for (const { what, body, error, options } of unreadable) {
    it(`is 400 and imports nothing when it is ${what}`, async (t) => {
      const mixpanel = await startMixpanel(t)

      const answer = await postImport(mixpanel.url, body, options)

      assert.deepEqual(answer, { status: 400, body: { error, status: 0 } })
      assert.deepEqual(mixpanel.rows(), [])
    })
  }

  for (const gzip of [false, true]) {
    it(`is measured uncompressed, ${gzip ? 'gzipped' : 'plain'}`, async (t) => {
      const record = JSON.stringify(aRecord({ title: 'x'.repeat(200) }))
      const maxBodyBytes = record.length + 10
      const mixpanel = await startMixpanel(t, { switches: { maxBodyBytes } })
      const body = `[${record},${record}]`
      const sent = gzip ? Uint8Array.from(gzipSync(body)) : body

      const answer = await postImport(mixpanel.url, sent, gzip ? gzipped() : {})

      assert.equal(sent.length <= maxBodyBytes, gzip)
      const error = at(1, record.length + 2, 'http: request body too large')
      assert.deepEqual(answer, { status: 400, body: { error, status: 0 } })
    })
  }

  const limit = good.length + 10
  it('says at which line it became too large', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { maxBodyBytes: limit } })

    const { body } = await postImport(mixpanel.url, `${good}\n\n${' '.repeat(limit)}`, NDJSON)

    assert.partialDeepStrictEqual(body, { error: at(1, limit, 'http: request body too large') })
  })

  it('is 413 when it is too large and the stand-in answers so', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { maxBodyBytes: 100, oversizeBody: 413 } })

    assert.deepEqual(await postImport(mixpanel.url, ' '.repeat(101)), {
      status: 413,
      body: {
        code: 413,
        error: 'request exceeds max limit of 100 bytes',
        status: 'Request Entity Too Large',
      },
    })
  })

  for (const tooManyEvents of [400, 413] as const) {
    it(`of more than 2000 records is ${tooManyEvents} as a whole`, async (t) => {
      const mixpanel = await startMixpanel(t, { switches: { tooManyEvents } })

      const full = await postImport(mixpanel.url, Array(2000).fill(GOOD))
      const over = await postImport(mixpanel.url, Array(2001).fill(GOOD))

      assert.equal(full.status, 200)
      assert.equal(over.status, tooManyEvents)
      assert.partialDeepStrictEqual(over.body, {
        error: 'request exceeds max limit of 2000 events',
      })
      assert.equal(mixpanel.rows().length, 2000)
    })
  }
})

describe('the memory of a stand-in', () => {
  it('holds the exact text of each record, so that big integers can be seen unharmed', async (t) => {
    const mixpanel = await startMixpanel(t)
    const record = `{ "event":"e","properties":{"time":${NOW_SECONDS},"distinct_id":"a","$insert_id":"i","n":9007199254740993} }`

    await postImport(mixpanel.url, `[ ${record} ,${JSON.stringify(GOOD)}]`)

    assert.equal(mixpanel.rows()[0]?.raw, record)
  })

  it('holds every copy of a record, and one of them in the other views', async (t) => {
    const mixpanel = await startMixpanel(t)

    await postImport(mixpanel.url, [GOOD])
    const again = await postImport(mixpanel.url, [GOOD, aRecord({ time: NOW_SECONDS - 61 })])

    assert.partialDeepStrictEqual(again.body, { num_records_imported: 2 })
    assert.equal(mixpanel.rows().length, 3)
    assert.equal(mixpanel.deduplicated().length, 2)
    assert.equal(mixpanel.compacted().length, 1)
  })

  it('survives its end when the next one is handed its store', async (t) => {
    const store = createRowStore()
    const port = await freePorts(1)
    const first = await startMixpanel(t, { store, port })
    await postImport(first.url, [GOOD])
    await first.close()

    const second = await startMixpanel(t, { store, port })
    await postImport(second.url, [aRecord({ $insert_id: 'insert-2' })])

    assert.equal(second.url, first.url)
    assert.deepEqual(insertIdsOf(second.rows()), ['insert-1', 'insert-2'])
  })

  it('holds each request, with size, count and status, and without credentials', async (t) => {
    const mixpanel = await startMixpanel(t)
    const body = JSON.stringify([GOOD, BAD])
    const sent = Uint8Array.from(gzipSync(body))
    const headers = { 'content-encoding': 'gzip', 'user-agent': 'a-client/1', accept: 'text/html' }

    await postImport(mixpanel.url, sent, { query: 'strict=1&ip=0', headers })

    assert.deepEqual(mixpanel.requests(), [
      {
        method: 'POST',
        path: '/import',
        query: { strict: '1', ip: '0' },
        headers: {
          ...headers,
          'content-length': String(sent.length),
          'content-type': 'application/json',
        },
        events: 2,
        bytes: body.length,
        receivedAt: NOW,
        stored: 1,
        status: 400,
      },
    ])
  })

  it('counts the events that can be read when the body cannot be read whole', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { maxBodyBytes: 500 } })

    await postImport(mixpanel.url, '[{},{},{')
    await postImport(mixpanel.url, `[{},{},{},${' '.repeat(500)}]`)
    await postImport(mixpanel.url, '[{}]', { headers: { 'content-type': 'text/plain' } })

    assert.deepEqual(
      mixpanel.requests().map(({ events }) => events),
      [2, 3, 0],
    )
  })

  it('is the last requests only when told to, and the sum of all', async (t) => {
    const mixpanel = await startMixpanel(t, { keptRequests: 2 })
    for (const count of [0, 1, 2, 3, 4, 5]) {
      await postImport(mixpanel.url, Array(count).fill(GOOD))
    }
    await postImport(mixpanel.url, '[')

    await mixpanel.waitForRequests(7)
    assert.deepEqual(
      mixpanel.requests().map(({ events, status }) => [events, status]),
      [
        [5, 200],
        [0, 400],
      ],
    )
    // Brackets, commas and the lone bracket.
    const bytes = 15 * JSON.stringify(GOOD).length + 6 * 2 + 10 + 1
    const statuses = { 200: 6, 400: 1 }
    assert.deepEqual(mixpanel.traffic(), { requests: 7, events: 15, bytes, statuses })
  })

  it('may be no request at all, but the sum of them', async (t) => {
    const mixpanel = await startMixpanel(t, { keptRequests: 0 })
    await postImport(mixpanel.url, [GOOD])

    assert.deepEqual(mixpanel.requests(), [])
    assert.equal(mixpanel.traffic().events, 1)
  })

  it('is nothing after clear', async (t) => {
    const mixpanel = await startMixpanel(t)
    await postImport(mixpanel.url, [GOOD])

    mixpanel.clear()

    assert.deepEqual([mixpanel.rows(), mixpanel.requests()], [[], []])
    assert.equal(mixpanel.traffic().requests, 0)
  })

  it('can be read with curl', async (t) => {
    const mixpanel = await startMixpanel(t)
    await postImport(mixpanel.url, [GOOD, GOOD])
    const view = async (path: string) => (await fetch(mixpanel.url + path)).json()

    assert.deepEqual(await view('/rows'), mixpanel.rows())
    assert.deepEqual(await view('/events'), mixpanel.deduplicated())
    assert.deepEqual(await view('/rows?last=1'), mixpanel.rows().slice(-1))
    assert.deepEqual(await view('/rows?last=x'), mixpanel.rows())
    assert.deepEqual(await view('/compacted'), mixpanel.compacted())
    assert.deepEqual(await view('/requests'), mixpanel.requests())
    assert.deepEqual(await view('/traffic'), mixpanel.traffic())
  })
})

describe('the server of a stand-in', () => {
  it('knows no other route', async (t) => {
    const mixpanel = await startMixpanel(t)

    assert.equal((await fetch(`${mixpanel.url}/import`)).status, 404)
    assert.equal((await fetch(`${mixpanel.url}/track`, { method: 'POST' })).status, 404)
    assert.deepEqual(mixpanel.requests(), [])
  })

  it('does not start on a port that is taken, and says which', async (t) => {
    const { port } = await startMixpanel(t)

    await assert.rejects(startMixpanel(t, { port }), {
      message: `the Mixpanel stand-in cannot listen on 127.0.0.1:${port}: is the port taken?`,
    })
  })

  it('is gone after close, which may be called again', async (t) => {
    const mixpanel = await startMixpanel(t)

    await mixpanel.close()
    await mixpanel.close()

    await assert.rejects(postImport(mixpanel.url, [GOOD]))
  })

  it('counts the connections made to it', async (t) => {
    const mixpanel = await startMixpanel(t)

    await postImport(mixpanel.url, [GOOD], { headers: { connection: 'close' } })
    await postImport(mixpanel.url, [GOOD])

    assert.equal(mixpanel.connections(), 2)
  })
})

function at(index: number, offset: number, reason: string): string {
  return `json decode error at element idx: ${index}, byte_offset: ${offset}: ${reason}`
}

function gzipped() {
  return { headers: { 'content-encoding': 'gzip' } }
}

function insertIdsOf(rows: readonly { readonly insertId: string }[]): readonly string[] {
  return rows.map(({ insertId }) => insertId)
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startWorld } from '../helpers/world.ts'

const GOOD = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'

describe('a body that is not a push', () => {
  const cases: Record<string, [string, string]> = {
    'nothing at all': ['', '400 BODY_NOT_JSON'],
    'not JSON': ['{"message":', '400 BODY_NOT_JSON'],
    'a message id of the prototype': [
      '{"message":{"__proto__":{"messageId":"1"}}}',
      '400 NOT_A_PUSH_ENVELOPE',
    ],
    'an array': ['[]', '400 NOT_A_PUSH_ENVELOPE'],
    null: ['null', '400 NOT_A_PUSH_ENVELOPE'],
    'an unwrapped event': [GOOD, '400 NOT_A_PUSH_ENVELOPE'],
    'no message id': ['{"message":{"data":"e30="}}', '400 NOT_A_PUSH_ENVELOPE'],
    'a message id that is a number': ['{"message":{"messageId":1}}', '400 NOT_A_PUSH_ENVELOPE'],
    'data that is no string': [
      '{"message":{"messageId":"1","data":{}}}',
      '400 NOT_A_PUSH_ENVELOPE',
    ],
    'more attributes than Pub/Sub takes': [
      `{"message":{"messageId":"1","attributes":{${attributes(10_000)}}}}`,
      '400 NOT_A_PUSH_ENVELOPE',
    ],
    'a key of a million arrays': [
      `{"message":{"messageId":"1","data":"e30="},"x":[${'[],'.repeat(1_000_000)}[]]}`,
      '400 NOT_A_PUSH_ENVELOPE',
    ],
    'an id of a megabyte': [
      `{"message":{"messageId":"${'1'.repeat(1_000_000)}"}}`,
      '400 NOT_A_PUSH_ENVELOPE',
    ],
    'an attribute that is no string': [
      '{"message":{"messageId":"1","attributes":{"a":1}}}',
      '400 NOT_A_PUSH_ENVELOPE',
    ],
  }
  for (const [name, [rawBody, expected]] of Object.entries(cases)) {
    it(`is refused: ${name}`, async (t) => {
      const { pusher } = await startWorld(t)

      const answer = await pusher.push({}, { rawBody })

      const problem = JSON.parse(answer.body)
      assert.equal(`${answer.status} ${problem.code}`, expected)
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      assert.match(problem.detail, /--clear-push-no-wrapper|push-no-wrapper/)
    })
  }

  it('is told apart from a push by its shape, not by its content type', async (t) => {
    const { pusher } = await startWorld(t)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }

    const answer = await pusher.push({ data: GOOD }, { headers })

    assert.equal(answer.status, 204)
  })

  for (const contentType of ['', 'a', ';;;', 'text/plain; charset=', 'application/octet-stream']) {
    it(`is told apart so by any content type: “${contentType}”`, async (t) => {
      const { pusher } = await startWorld(t)

      const answer = await pusher.push({ data: GOOD }, { headers: { 'content-type': contentType } })

      assert.equal(answer.status, 204)
    })
  }

  for (const [method, path] of [
    ['POST', '/elsewhere'],
    ['PUT', '/push'],
    ['DELETE', '/'],
    ['POST', '/health/live'],
    ['POST', '/%zz'],
  ] as const) {
    it(`is not even read where no push is taken: ${method} ${path}`, async (t) => {
      const { url } = await startWorld(t)

      const stray = request(`${url}${path}`, { method, headers: { 'content-length': '1000' } })
      stray.flushHeaders()
      const [answer] = await once(stray, 'response')

      assert.equal(answer.statusCode, 404)
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      stray.destroy()
    })
  }

  it('is refused unread when it is announced larger than 16 MiB', async (t) => {
    const { url, issuer } = await startWorld(t)
    const headers = {
      authorization: `Bearer ${issuer.token()}`,
      'content-type': 'application/json',
      'content-length': String(17 * 1024 * 1024),
    }

    const push = request(`${url}/push`, { method: 'POST', headers })
    push.flushHeaders()
    const status = await new Promise((resolve) => {
      push.on('response', ({ statusCode }) => resolve(statusCode))
    })
    push.destroy()

    assert.equal(status, 413)
  })
})

function attributes(count: number): string {
  return Array.from({ length: count }, (_, index) => `"${index}":""`).join(',')
}

describe('a message with names that would reach a prototype', () => {
  const attributes = '{"__proto__":"a","constructor":"b"}'
  const keys = '"__proto__":{"a":1},"constructor":{"prototype":{}}'

  it('is taken, and its dead letter has its attributes', async (t) => {
    const world = await startWorld(t)
    const data = Buffer.from('no JSON').toString('base64')
    const rawBody = `{"message":{"messageId":"1",${keys},"data":"${data}","attributes":${attributes}},${keys}}`

    const answer = await world.pusher.push({}, { rawBody })

    assert.equal(answer.status, 204)
    const [letter] = await world.deadLetters()
    assert.equal(JSON.stringify(Object(letter?.message).attributes), attributes)
  })
})

describe('a message that can never be imported', () => {
  const notUtf8 = Uint8Array.of(0x7b, 0xff, 0xfe)
  const badGzip = gzipSync(GOOD).subarray(0, 20)
  const bomb = gzipSync(Buffer.alloc(2_000_000, 0x20))
  const cases: Record<string, [Uint8Array | string, string]> = {
    'is not UTF-8': [notUtf8, 'unreadable_data'],
    'is gzip cut off': [badGzip, 'unreadable_data'],
    'inflates to more than it may': [bomb, 'too_large'],
  }
  for (const [name, [data, reason]] of Object.entries(cases)) {
    it(`is stored with its bytes and acked when it ${name}`, async (t) => {
      const world = await startWorld(t, { env: { DECODE_MAX_BYTES: '1000000' } })

      const answer = await world.pusher.push({ data, messageId: '31' })

      assert.equal(answer.status, 204)
      const [letter, ...others] = await world.deadLetters()
      assert.deepEqual(others, [])
      assert.equal(letter?.reason, reason)
      assert.equal(letter?.id, '31-0')
      assert.equal(letter?.data, Buffer.from(data).toString('base64'))
    })
  }

  it('is stored as it came and acked when its data is not base64', async (t) => {
    const { pusher, deadLetters } = await startWorld(t)

    const answer = await pusher.push({}, { rawBody: '{"message":{"messageId":"1","data":"%%"}}' })

    assert.equal(answer.status, 204)
    assert.partialDeepStrictEqual(await deadLetters(), [{ reason: 'unreadable_data', data: '%%' }])
  })

  it('is one dead letter when no line of it is JSON', async (t) => {
    const { pusher, deadLetters } = await startWorld(t)

    const answer = await pusher.push({ data: 'Dear Sir,\n\nplease\nimport' })

    assert.equal(answer.status, 204)
    assert.partialDeepStrictEqual(await deadLetters(), [
      { reason: 'invalid_json', event: 'Dear Sir,\n\nplease\nimport' },
    ])
  })

  it('comes back until it is stored, and is acked then', async (t) => {
    const { pusher, mixpanel } = await startWorld(t, { env: { DEAD_LETTER: 'subscription' } })

    const answer = await pusher.push({ data: `${GOOD}\n{"event":` })

    assert.equal(answer.status, 422)
    assert.equal(JSON.parse(answer.body).code, 'INVALID_JSON')
    assert.equal(mixpanel.rows().length, 1)
  })
})

it('answers 404 with a problem where there is no route', async (t) => {
  const { url } = await startWorld(t)

  const answer = await fetch(`${url}/healthz`)

  assert.equal(answer.status, 404)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
})

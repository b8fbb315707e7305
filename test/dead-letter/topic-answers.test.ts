import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readProbeAnswer, readPublishAnswer } from '../../src/dead-letter/topic-answers.ts'

const answered = (status: number, body: unknown = {}) =>
  ({ kind: 'answered', status, body }) as const

describe('the answer to a publish request', () => {
  it('confirms its messages with an id for each', () => {
    assert.deepEqual(readPublishAnswer(answered(200, { messageIds: ['1', '2'] }), 2), {
      kind: 'confirmed',
    })
  })

  for (const body of [
    { messageIds: ['1'] },
    { messageIds: ['1', '2', '3'] },
    { messageIds: ['1', ''] },
    { messageIds: ['1', 2] },
    { messageIds: '12' },
    {},
    'text',
    null,
    undefined,
  ]) {
    it(`confirms none of two with ${JSON.stringify(body)}`, () => {
      const end = readPublishAnswer(answered(200, body), 2)

      assert.deepEqual(end, { kind: 'failed', code: 'NOT_CONFIRMED' })
    })
  }

  for (const [status, kind] of [
    [400, 'refused'],
    [413, 'refused'],
    [403, 'failed'],
    [500, 'failed'],
  ] as const) {
    it(`is ${kind} with status ${status}`, () => {
      assert.deepEqual(readPublishAnswer(answered(status), 1), { kind, code: `STATUS_${status}` })
    })
  }
})

describe('the answer to a probe', () => {
  it('is good when all that is wanted is permitted', () => {
    const end = readProbeAnswer(answered(200, { permissions: ['b', 'a'] }), ['a', 'b'])

    assert.deepEqual(end, { kind: 'good' })
  })

  it('blames the credentials for status 401', () => {
    assert.deepEqual(readProbeAnswer(answered(401), ['a']), {
      kind: 'bad',
      code: 'STATUS_401',
      fault: 'credentials',
    })
  })
})

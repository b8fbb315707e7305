import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replyIn } from '../../src/deliver/answer.ts'

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

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unreachableCauseOf } from '../../src/deliver/unreachable-cause.ts'
import { UNREACHABLE_CAUSES } from '../../src/model/outcome.ts'

describe('the cause of an unreachable Mixpanel', () => {
  for (const code of UNREACHABLE_CAUSES) {
    it(`is the code of the error where that is on the list: ${code}`, () => {
      assert.equal(unreachableCauseOf({ code, message: 'connect to api.mixpanel.com' }), code)
    })
  }

  for (const [code, cause] of [
    ['HPE_INVALID_CONSTANT', 'NOT_HTTP'],
    ['Z_DATA_ERROR', 'ANSWER_BADLY_COMPRESSED'],
    ['Z_BUF_ERROR', 'ANSWER_BADLY_COMPRESSED'],
    ['ERR__ERROR_FORMAT_PADDING_1', 'ANSWER_BADLY_COMPRESSED'],
    ['CERT_REVOKED', 'TLS_FAILED'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_FAILED'],
    ['EPROTO', 'TLS_FAILED'],
    ['UNABLE_TO_GET_ISSUER_CERT', 'TLS_FAILED'],
    ['ERR_BAD_RESPONSE', 'OTHER'],
    ['a text of anybody', 'OTHER'],
    [undefined, 'OTHER'],
  ] as const) {
    it(`is one for a family of codes, or OTHER: ${code}`, () => {
      assert.equal(unreachableCauseOf({ code, message: '' }), cause)
    })
  }

  it('is an answer too long, or cut off, where axios has one code for both', () => {
    const code = 'ERR_BAD_RESPONSE'

    const causes = ['maxContentLength size of 4194304 exceeded', 'stream has been aborted'].map(
      (message) => unreachableCauseOf({ code, message }),
    )

    assert.deepEqual(causes, ['ANSWER_TOO_LONG', 'ANSWER_CUT_OFF'])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readLargePush } from '../../src/http/large-push.ts'
import { bytesOfBase64 } from '../../src/lib/base64.ts'

const LARGE = 'QUJD'.repeat(20_000)
const LARGER = 'REVG'.repeat(30_000)

function read(body: string) {
  return readLargePush(Buffer.from(body))
}

/** Reads a body as any other body is read. */
function parsed(body: string): { message?: { data?: unknown } } | undefined {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

describe('a push with large data', () => {
  for (const [what, body] of [
    ['alone', `{"message":{"data":"${LARGE}"}}`],
    [
      'among other members',
      `{"x":[{"data":"a"}],"message":{"é":"\\"","data" : "${LARGE}" ,"m":1},"y":"\\\\"}`,
    ],
    ['with a name that is escaped', `{"\\u006dessage":{"d\\u0061ta":"${LARGE}"}}`],
    ['that is given twice, the last time large', `{"message":{"data":"a","data":"${LARGE}"}}`],
    [
      'in the last of two messages',
      `{"message":{"data":"${LARGE}"},"message":{"data":"${LARGER}"}}`,
    ],
    ['in the other alphabet, without padding', `{"message":{"data":"${LARGE}-_A"}}`],
  ] as const) {
    it(`is read without its data: ${what}`, () => {
      const { data, ...rest } = parsed(body)?.message ?? {}

      assert.deepEqual(read(body), {
        body: { ...parsed(body), message: { ...rest, data: '' } },
        data: bytesOfBase64(String(data)),
      })
    })
  }

  for (const [what, body] of [
    ['with a string larger than its data', `{"x":"${LARGER}","message":{"data":"${LARGE}"}}`],
    ['with data that is given again', `{"message":{"data":"${LARGE}","data":"a"}}`],
    ['with a large attribute', `{"message":{"attributes":{"data":"${LARGE}"}}}`],
    ['with large data beside the message', `{"message":{},"data":"${LARGE}"}`],
    ['in a list', `[{"message":{"data":"${LARGE}"}}]`],
    ['that is a text', `"${LARGE}"`],
    ['with a text for its message', `{"message":"${LARGE}"}`],
    ['with a large name', `{"message":{"${LARGE}":"data"}}`],
    ['with an escape before its data', `{"message":{"data":"\\"${LARGE}"}}`],
    ['with an escape after its data', `{"message":{"data":"${LARGE}\\"A"}}`],
    ['with an escape in its data', `{"message":{"data":"${LARGE}\\/A${LARGE}"}}`],
    ['with data that is not base64', `{"message":{"data":"${LARGE}é"}}`],
    ['with data that is not ended', `{"message":{"data":"${LARGE}`],
    ['with spaces between two strings', `{"message":{"data"${' '.repeat(100_000)}:"a"}}`],
    ['that is not JSON', `{"message":{"data":"${LARGE}"}`],
    ['that is small', '{"message":{"data":"e30="}}'],
    ['without a string', `[${'1,'.repeat(50_000)}1]`],
  ] as const) {
    it(`is not taken for one: a body ${what}`, () => {
      assert.equal(read(body), undefined)
    })
  }

  it('is the push that its whole body is, however members are put together', () => {
    const text = fc.constantFrom('""', '"a"', '"\\""', '"\\\\"', `"${LARGE}"`, `"${LARGER}"`, '1')
    const name = fc.constantFrom('"message"', '"data"', '"x"', '"\\u0064ata"')
    const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
      object: fc
        .array(fc.tuple(name, tie('value')), { maxLength: 3 })
        .map((members) => `{${members.map(([key, one]) => `${key}:${one}`).join(', ')}}`),
      value: fc.oneof({ maxDepth: 3 }, text, tie('object')),
    }))

    fc.assert(
      fc.property(value, (body) => {
        const push = read(body)
        const whole = parsed(body)
        if (push) {
          const { message, ...rest } = whole ?? {}
          assert.deepEqual(push.body, { ...rest, message: { ...message, data: '' } })
          assert.deepEqual(push.data, bytesOfBase64(String(message?.data)))
        }
      }),
      { numRuns: 500 },
    )
  })
})

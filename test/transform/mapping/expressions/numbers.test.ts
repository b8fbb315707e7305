import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { celValue, scopeOf } from './expressing.ts'

const scope = scopeOf(
  `{"n":7,"a":9,"half":0.5,"total":12.5,"zero":0,"big":9007199254740993,"negative":-9007199254740993,
    "most":9223372036854775807,"past":123456789012345678901234567890,"safe":9007199254740991,
    "huge":1e400,"tiny":1e-400,"fine":0.1234567890123456789,"large":1e300,"rounded":1e20,
    "text":"7"}`,
)

describe('a number of an event', () => {
  for (const [cel, value] of [
    ['data.n + 1', 8],
    ['1 + data.n', 8],
    ['data.n - 10', -3],
    ['data.n * 2', 14],
    ['data.n + 0', 7],
    ['data.n * data.zero', 0],
    ['data.total - data.half', 12],
    ['data.total - 0.25', 12.25],
    ['data.a / 2', 4.5],
    ['(data.n + 2) / 2', 4.5],
    ['data.n % 4', 3],
    ['-data.n % 4', -3],
    ['data.total + 1', 13.5],
    ['data.total * data.half', 6.25],
    ['-data.total', -12.5],
    ['data.n == 7', true],
    ['7 == data.n', true],
    ['data.n == 7.0', true],
    ['data.n != 7', false],
    ['data.n == data.text', false],
    ['data.total > 0', true],
    ['data.total <= 12', false],
    ['data.total >= 12.5', true],
    ['data.total < 13u', true],
    ['data.n in [1, 7]', true],
    ['data.n in [1.0, 7.0]', true],
    ['data.n in [1, 8]', false],
    ['size([1, 2, 3]) / 2', 1],
    ['7 / 2', 3],
    ['7 % 4', 3],
    ['-7 / 2', -3],
    ['7.0 / 2', 3.5],
    ['data.big', 9_007_199_254_740_993n],
    ['data.negative', -9_007_199_254_740_993n],
    ['data.past', 123_456_789_012_345_678_901_234_567_890n],
    ['data.big + 1', 9_007_199_254_740_994n],
    ['data.big - 2', 9_007_199_254_740_991],
    ['data.big - data.safe', 2],
    ['data.big + data.n', 9_007_199_254_741_000n],
    ['data.safe + 2', 9_007_199_254_740_993n],
    ['data.safe + data.n', 9_007_199_254_740_998n],
    ['data.safe * 3', 27_021_597_764_222_973n],
    ['data.big / 2', 4_503_599_627_370_496],
    ['data.big % 10', 3],
    ['data.big % data.n', 5],
    ['data.big == 9007199254740993', true],
    ['data.big == 9007199254740992', false],
    ['data.big > 9007199254740992', true],
    ['data.big == data.safe', false],
    ['data.big > data.safe', true],
    ['-data.big', -9_007_199_254_740_993n],
    ['data.past > data.most', true],
    ['string(data.big)', '9007199254740993'],
    ['string(data.huge)', '1e400'],
    ['string(data.fine)', '0.1234567890123456789'],
    ['double(data.fine)', 0.123_456_789_012_345_68],
    ['double(data.big)', 9_007_199_254_740_992],
    ['type(data.big) == int', true],
    ['type(data.huge) == double', true],
    ['data.huge == data.huge', true],
    ['data.huge == data.tiny', false],
    ['data.huge == 1', false],
    ['data.rounded', 100_000_000_000_000_000_000],
    ['data.rounded * data.half', 5e19],
    ['data.huge.rawJSON', null],
  ] as const) {
    it(`gives ${cel} its value`, () => {
      assert.deepEqual(celValue(cel, scope), value)
    })
  }

  for (const [cel, text] of [
    ['data.n / 0', 'division by zero'],
    ['data.n % 0', 'division by zero'],
    ['data.n / data.zero', 'division by zero'],
    ['size([data]) / size([]) ', 'division by zero'],
    ['data.total % 2', '`%` takes whole numbers'],
    ['data.fine + 1', '`+` does not take a number that a double cannot hold and a number'],
    ['data.huge > 1', 'a number that a double cannot hold and a number have no order'],
    ['-data.huge', 'a number is due here, and this is a number that a double cannot hold'],
    ['data.big * data.half', 'an integer past 2^53 and a fraction have no exact result'],
    ['data.n / data.big', 'an integer past 2^53 and a fraction have no exact result'],
    ['data.large * data.large', 'the result is too large for a number'],
    ['data.most + 1', 'the result has more than 64 bits'],
    ['data.most + data.n', 'the result has more than 64 bits'],
    ['data.past + 1', 'the result has more than 64 bits'],
    ['double(data.huge)', 'a number is due here, and this is a number that a double cannot hold'],
    ['data.text * 2', '`*` does not take a text and a number'],
    ['data.text < 8', 'a text and a number have no order'],
  ] as const) {
    it(`refuses ${cel}, and says why`, () => {
      assert.throws(() => celValue(cel, scope), {
        name: 'ExpressionError',
        message: new RegExp(`: ${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
      })
    })
  }
})

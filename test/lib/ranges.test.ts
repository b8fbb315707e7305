import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRanges, createRangeTest, parseRanges } from '../../src/lib/ranges.ts'

function textOf(numbers: readonly number[], maxLength = 1_000): string {
  const ranges = createRanges(maxLength)
  for (const number of numbers) ranges.add(number)
  return ranges.text()
}

/** The numbers up to 1,000 that a text names. */
function numbersIn(text: string): readonly number[] {
  const isIn = createRangeTest(parseRanges(text) ?? [])
  return Array.from({ length: 1_001 }, (_, number) => number).filter(isIn)
}

describe('ranges of numbers', () => {
  for (const [what, numbers, text] of [
    ['no number', [], ''],
    ['one', [7], '7'],
    ['numbers in a row', [1, 2, 3, 4, 5], '1-5'],
    ['numbers apart', [1, 2, 3, 4, 5, 9], '1-5,9'],
    ['a number that comes twice', [1, 1, 2, 2, 4], '1-2,4'],
  ] as const) {
    it(`name ${what} as ${text || 'nothing'}`, () => {
      assert.equal(textOf(numbers), text)
    })
  }

  it('join the nearest when their text would be too long', () => {
    assert.equal(textOf([1, 3, 100, 102, 200], 11), '1-102,200')
    assert.equal(textOf([1, 3, 5, 90, 200], 10), '1-5,90,200')
  })

  it('are not joined while their text is just long enough', () => {
    assert.equal(textOf([1, 3, 100, 102, 200], 15), '1,3,100,102,200')
  })

  it('stay short, however many there are', () => {
    const odd = Array.from({ length: 500_000 }, (_, at) => 2 * at + 1)

    const text = textOf([...odd, 2_000_000])

    assert.ok(text.length <= 1_000)
    assert.match(text, /^1,.*,2000000$/)
  })

  it('name every number that was added, in a text that is read back', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { minLength: 1 })

    fc.assert(
      fc.property(numbers, fc.integer({ min: 9, max: 200 }), (given, maxLength) => {
        const ascending = given.toSorted((one, other) => one - other)

        const text = textOf(ascending, maxLength)

        assert.ok(text.length <= maxLength)
        const named = numbersIn(text)
        assert.deepEqual(
          ascending.filter((number) => named.includes(number)),
          ascending,
        )
        if (textOf(ascending) === text) assert.deepEqual(named, ascending)
      }),
    )
  })

  for (const text of ['', 'x', '1,', '1-', '-1', '2-1', '3,2', '2,2', '1-3,3', '1'.repeat(10)]) {
    it(`are not read from ${text || 'an empty text'}`, () => {
      assert.equal(parseRanges(text), undefined)
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Found, findLines } from '../../src/decode/find-lines.ts'
import { linesIn } from '../../src/decode/lines-in.ts'
import { readArray } from '../../src/decode/read-array.ts'
import { readLines } from '../../src/decode/read-lines.ts'
import type { Body } from '../../src/model/event.ts'

const KIB = 1024
const STRETCH = 256 * KIB
const EVENT = '{"event":"a"}'

describe('the events of a text', () => {
  for (const [what, text] of [
    ['lines that are objects', `${EVENT}\n${EVENT}\n\n${EVENT}`],
    ['lines of which the first is broken', `{"event\n${EVENT}\n${EVENT}`],
    ['lines of which the first is no object', `1\n2\n${EVENT}`],
    ['lines of which the first looks like an array', `[INFO]\n${EVENT}\n${EVENT}`],
    ['elements of a small array', `[${EVENT},${EVENT},1]`],
    ['elements of a large array', `[${EVENT},1${' '.repeat(STRETCH)},${EVENT}]`],
  ] as const) {
    it(`are as many as may be, and not one more: ${what}`, () => {
      const found = findIn(text, 3)

      assert.ok(found.kind === 'lines')
      assert.equal(found.places.count(), 3)
      assert.deepEqual(findIn(text, 2), { kind: 'too_many' })
    })
  }

  for (const [what, text] of [
    ['several lines', `${EVENT}\n${EVENT}`],
    ['one long line', `${EVENT}${' '.repeat(64 * KIB)}`],
  ] as const) {
    it(`come with the value of the first, which was parsed to find them: ${what}`, () => {
      const found = findIn(text, 3)

      assert.ok(found.kind === 'lines')
      assert.deepEqual(found.known, [{ event: 'a' }])
    })
  }

  it('are none in blank text', () => {
    const found = findIn(' \n\n', 3)

    assert.ok(found.kind === 'lines')
    assert.deepEqual([found.places.count(), found.known], [0, []])
  })

  for (const [what, text] of [
    ['a line', `{"a":"${'x'.repeat(STRETCH - 8)}"}`],
    ['a value over two lines', `{"a":\n"${'x'.repeat(STRETCH - 9)}"}`],
  ] as const) {
    it(`are found without a pause in ${what} of one stretch, and with one in a longer one`, () => {
      const longer = text.replace('x', 'xx')

      assert.equal(turnsOf(findLines(bodyOf(`  ${text}`), 10)).turns, 0)
      assert.equal(turnsOf(findLines(bodyOf(longer), 10)).turns, 1)
    })
  }
})

describe('the lines in bytes', () => {
  it('are handed out until no more are wanted', () => {
    const taken: number[] = []
    const lines = linesIn(Buffer.from('a\n\nb\nc'), (number) => taken.push(number) < 2)

    turnsOf(lines)

    assert.deepEqual(taken, [1, 3])
  })

  for (const [what, text, turns] of [
    ['does not pause in a stretch', ' '.repeat(STRETCH), 0],
    ['pauses after a stretch of white space', ' '.repeat(STRETCH + 1), 1],
    ['pauses after each stretch of white space', ' '.repeat(3 * STRETCH + 1), 3],
    ['pauses after each stretch of white space that ends a line', `a${' '.repeat(3 * STRETCH)}`, 3],
    ['pauses after a stretch of lines', 'a\n'.repeat(STRETCH / 2 + 1), 1],
    ['pauses after each stretch of lines', 'a\n'.repeat((3 * STRETCH) / 2 + 1), 3],
  ] as const) {
    it(`${what}, which loses no line`, () => {
      let lines = 0
      const take = (number: number) => {
        lines += 1
        return number === lines
      }

      assert.equal(turnsOf(linesIn(Buffer.from(text), take)).turns, turns)
      assert.equal(lines, text.split('a').length - 1)
    })
  }
})

describe('the objects among lines', () => {
  const text = `1\n${EVENT}\n[]\n{x}\n{}\n${EVENT}`

  for (const [wanted, objects] of [
    [0, 0],
    [2, 2],
    [10, 3],
  ] as const) {
    it(`are counted up to ${wanted}`, () => {
      const { end } = turnsOf(readLines(bodyOf(text), 100, wanted))

      assert.deepEqual([end.objects, end.places.count()], [objects, 6])
    })
  }

  it('are looked for in one line more than may be', () => {
    const { end } = turnsOf(readLines(bodyOf(text), 2, 10))

    assert.deepEqual([end.objects, end.places.count()], [1, 3])
  })
})

describe('an array', () => {
  it('of 256 KiB is parsed as a whole, and a larger one by its elements', () => {
    const small = readTo(`[${EVENT},1,${' '.repeat(STRETCH - 19)}2]`)
    const large = readTo(`[${EVENT},1,${' '.repeat(STRETCH - 18)}2]`)

    assert.deepEqual([small.known, small.objects], [[{ event: 'a' }, 1, 2], 0])
    assert.deepEqual([large.known, large.objects], [[], 1])
    assert.deepEqual([small.places.count(), large.places.count()], [3, 3])
  })

  it('numbers its elements from 1, and is read up to one element more than may be', () => {
    const { places } = turnsOf(readArray(bodyOf('[10, 20, 30, 40]'), 0, 2)).end

    assert.deepEqual(
      [0, 1, 2].map((at) => places.at(at)),
      [
        { number: 1, start: 1, end: 3 },
        { number: 2, start: 5, end: 7 },
        { number: 3, start: 9, end: 11 },
      ],
    )
    assert.equal(places.count(), 3)
  })

  it('that is not UTF-8 is parsed by its elements, and keeps the bad one', () => {
    const bytes = Buffer.from(`[${EVENT},"\xe9"]`, 'latin1')

    const { end } = turnsOf(readArray({ bytes, isUtf8: false }, 0, 10))

    assert.deepEqual([end.known, end.objects, end.places.count()], [[], 1, 2])
  })

  for (const [what, text, expected] of [
    ['is good to its end', ' [1, 2] \n', { firstAt: 2, closedAt: 7, rest: undefined }],
    ['is followed by more', '[1] \n x ', { firstAt: 1, closedAt: 3, rest: { start: 6, end: 7 } }],
    ['is broken', '[1, x, 2] ', { firstAt: 1, closedAt: undefined, rest: { start: 4, end: 9 } }],
    ['is cut off', '[1, ', { firstAt: 1, closedAt: undefined, rest: { start: 3, end: 3 } }],
    [
      'has no good element',
      '[ x]',
      { firstAt: 2, closedAt: undefined, rest: { start: 2, end: 4 } },
    ],
    ['is empty', '[ ]', { firstAt: 3, closedAt: 3, rest: undefined }],
  ] as const) {
    it(`says where it ${what}`, () => {
      const { firstAt, closedAt, rest } = readTo(text, text.indexOf('['))

      assert.deepEqual({ firstAt, closedAt, rest }, expected)
    })
  }

  function readTo(text: string, openAt = 0) {
    return turnsOf(readArray(bodyOf(text), openAt, 10)).end
  }
})

function findIn(text: string, most: number): Found {
  return turnsOf(findLines(bodyOf(text), most)).end
}

function bodyOf(text: string): Body {
  return { bytes: Buffer.from(text), isUtf8: true }
}

/** How often a generator pauses, and what it ends with. */
function turnsOf<End>(generator: Generator<void, End>): { turns: number; end: End } {
  for (let turns = 0; ; turns += 1) {
    const step = generator.next()
    if (step.done) return { turns, end: step.value }
  }
}

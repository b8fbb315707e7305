import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type ArrayEnd,
  elementsIn,
  measureWeight,
  STRETCH_BYTES,
} from '../../../src/lib/json/bytes.ts'
import { jsonArrayText } from './json-texts.ts'

/** Stands for no limit. */
const MOST = { depth: Number.POSITIVE_INFINITY, values: Number.POSITIVE_INFINITY }

describe('the elements of an array', () => {
  it('are those that JSON.parse sees, however the array is laid out', () => {
    fc.assert(
      fc.property(jsonArrayText, (text) => {
        const { texts, closed, rest } = read(text.trim())

        assert.deepEqual([texts.map(parse), closed, rest], [parse(text), true, ''])
      }),
    )
  })

  for (const [text, texts, rest] of [
    ['[1,]', ['1'], ']'],
    ['[,1]', [], ',1]'],
    ['[1,,2]', ['1'], ',2]'],
    ['[', [], ''],
    ['[{"a":1}', ['{"a":1}'], ''],
    ['[{"a":1},', ['{"a":1}'], ''],
    ['[{"a":1} , {"b":[', ['{"a":1}'], '{"b":['],
    ['[{"a":1},{"b":"]}', ['{"a":1}'], '{"b":"]}'],
    ['[{"a":1},"\\"]', ['{"a":1}'], '"\\"]'],
    ['[1,2', ['1'], '2'],
    ['[{"a":1} {"b":2}]', ['{"a":1}'], '{"b":2}]'],
    ['["a" "b"]', ['"a"'], '"b"]'],
    ['[{"a":1}}', ['{"a":1}'], '}'],
  ] as const) {
    it(`are those before the place where ${text} is broken`, () => {
      assert.deepEqual(read(text), { texts, closed: false, rest })
    })
  }

  it('end at one that is not taken', () => {
    const { texts, rest } = read('[1,x,3]', (text) => text !== 'x')

    assert.deepEqual([texts, rest], [['1'], 'x,3]'])
  })

  it('are the same after pauses, wherever these fall', () => {
    const long = STRETCH_BYTES + 1
    for (const element of [
      `"${'\\\\'.repeat(long)}"`,
      `[${'1,'.repeat(long)}1]`,
      '7'.repeat(long),
    ]) {
      const text = `[${' '.repeat(long)}${element}${' '.repeat(long)},${element}${' '.repeat(long)}]`

      const { texts, closed } = read(text)

      assert.deepEqual([texts.length, closed], [2, true])
      assert.ok(texts.every((one) => one === element))
    }
  })

  it('are read in turns: none takes more than a stretch and an element', () => {
    for (const text of [
      `[${'1,'.repeat(STRETCH_BYTES)}1]`,
      `["${'x'.repeat(2 * STRETCH_BYTES)}"]`,
      `[${' '.repeat(2 * STRETCH_BYTES)}]`,
      '['.repeat(2 * STRETCH_BYTES),
    ]) {
      const steps = [...elementsIn(Buffer.from(text), 0, () => true)]

      assert.ok(steps.length >= 1, text.slice(0, 10))
    }
  })

  it('come to an end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const { end } = elements(bytes, (start, endOfElement) => start < endOfElement)

        assert.ok(end.at <= bytes.length)
      }),
    )
  })
})

describe('the weight of a text', () => {
  it('is its depth, and its commas and brackets', () => {
    assert.deepEqual(weightOf('[{"a":[]},[[]]]'), { depth: 3, values: 7 })
    assert.deepEqual(weightOf('1'), { depth: 0, values: 1 })
  })

  it('counts nothing inside a string', () => {
    assert.deepEqual(weightOf('["[,[\\"[{","{"]'), { depth: 1, values: 3 })
  })

  it('is not counted further than it matters', () => {
    const bytes = Buffer.from('['.repeat(1_000_000))

    assert.equal(measureWeight(bytes, 0, bytes.length, { ...MOST, depth: 10 }).depth, 11)
    assert.equal(measureWeight(bytes, 0, bytes.length, { ...MOST, values: 10 }).values, 11)
  })
})

function weightOf(text: string) {
  const bytes = Buffer.from(text)
  return measureWeight(bytes, 0, bytes.length, MOST)
}

function read(text: string, isTaken: (element: string) => boolean = () => true) {
  const bytes = Buffer.from(text)
  const texts: string[] = []
  const { end } = elements(bytes, (start, endOfElement) => {
    const element = bytes.toString('utf8', start, endOfElement)
    if (!isTaken(element)) return false
    texts.push(element)
    return true
  })
  return { texts, closed: end.closed, rest: bytes.toString('utf8', end.at) }
}

function elements(
  bytes: Uint8Array,
  take: (start: number, end: number) => boolean,
): { end: ArrayEnd } {
  const reading = elementsIn(bytes, 0, take)
  for (;;) {
    const step = reading.next()
    if (step.done) return { end: step.value }
  }
}

function parse(text: string): unknown {
  return JSON.parse(text)
}

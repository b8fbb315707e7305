import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ParsedLine } from '../../src/model/event.ts'
import { jsonArrayText, jsonObjectText } from '../lib/json/json-texts.ts'
import { readAll } from './read-all.ts'

// They stand apart from the examples, which cost less and so are tried first on a mutant.
describe('the lines of any text', () => {
  it('reads any objects that stand one on each line', () => {
    const texts = fc.array(jsonObjectText.map(onOneLine), { minLength: 1, maxLength: 5 })

    fc.assert(
      fc.property(texts, fc.constantFrom('\n', '\r\n', '\n\n'), (objects, separator) => {
        const lines = linesOf(objects.join(separator))

        assert.deepEqual(
          lines.map(({ line }) => line.text),
          objects,
        )
        assert.deepEqual(lines.map(jsonOf), objects.map(parse))
      }),
    )
  })

  it('reads any array, however it is laid out', () => {
    fc.assert(
      fc.property(jsonArrayText, (text) => {
        assert.deepEqual(linesOf(text).map(jsonOf), parse(text))
      }),
    )
  })

  it('account for every byte of any text that is not white space', () => {
    const unit = fc.constantFrom('{}', '{', '}', '[', ']', '1', 'x', ',', '\n', '\r\n', ' ')

    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const lines = linesOf(text)

        const bytes = (one: string) => one.replaceAll(/[\s,[\]]/g, '')
        assert.equal(bytes(lines.map(({ line }) => line.text).join('')), bytes(text))
        for (const { line, parsed } of lines) {
          if (parsed.kind === 'json') assert.deepEqual(parse(line.text), parsed.value)
        }
        const isObject = ({ parsed }: ParsedLine) =>
          parsed.kind === 'json' && String(parsed.value) === '[object Object]'
        assert.ok(lines.length <= 1 || lines.some(isObject) || isArray(text))
      }),
      { numRuns: 2_000 },
    )
  })
})

function linesOf(text: string): readonly ParsedLine[] {
  return readAll(Buffer.from(text))
}

function jsonOf({ parsed }: ParsedLine): unknown {
  return parsed.kind === 'json' ? parsed.value : undefined
}

function isArray(text: string): boolean {
  try {
    return Array.isArray(parse(text))
  } catch {
    return false
  }
}

function parse(text: string): unknown {
  return JSON.parse(text)
}

function onOneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ').trim()
}

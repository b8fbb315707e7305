import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonArrayText, jsonObjectText } from '../lib/json-texts.ts'
import { linesIn, type ReadLine } from './lines-in.ts'

describe('readLines', () => {
  it('reads one event a line, each with its raw text and number', () => {
    const lines = linesOf('{"event": "a", "n": 1.50}\n{"event":"b"}')

    assert.deepEqual(lines, [
      {
        kind: 'json',
        line: { number: 1, text: '{"event": "a", "n": 1.50}' },
        value: { event: 'a', n: 1.5 },
      },
      { kind: 'json', line: { number: 2, text: '{"event":"b"}' }, value: { event: 'b' } },
    ])
  })

  it('counts blank lines and holds no event for them', () => {
    const lines = linesOf('\n{"event":"a"}\n  \t\n\r\n{"event":"b"}\n\n')

    assert.deepEqual(numbersAndTexts(lines), [
      [2, '{"event":"a"}'],
      [5, '{"event":"b"}'],
    ])
  })

  it('leaves line ends of Windows and space around an event out', () => {
    const lines = linesOf('{"event":"a"}\r\n  {"event":"b"}\t\r\n')

    assert.deepEqual(numbersAndTexts(lines), [
      [1, '{"event":"a"}'],
      [2, '{"event":"b"}'],
    ])
  })

  for (const chunkBytes of [1, 1_000]) {
    it(`takes nothing for an array that a brace closes, read ${chunkBytes} bytes at a time`, () => {
      const [line, ...others] = linesIn('[1}', chunkBytes)

      assert.deepEqual([line?.kind, line?.line.text, others], ['bad_line', '[1}', []])
    })
  }

  it('rejects a bad line alone, with its number', () => {
    const lines = linesOf('{"event":"a"}\n\n{"event":\r\n{"event":"b"}')

    assert.deepEqual(kinds(lines), ['json', 'bad_line', 'json'])
    assert.partialDeepStrictEqual(lines[1], {
      line: { number: 3, text: '{"event":' },
      outcome: { kind: 'rejected', reason: 'invalid_json' },
    })
  })

  it('rejects a bad first line alone', () => {
    const lines = linesOf('{"event"\n{"event":"a"}')

    assert.deepEqual(kinds(lines), ['bad_line', 'json'])
  })

  it('reads the elements of an array, numbered by their places', () => {
    const lines = linesOf(' [ {"event":"a"},12345678901234567890 , null]\n')

    assert.deepEqual(numbersAndTexts(lines), [
      [1, '{"event":"a"}'],
      [2, '12345678901234567890'],
      [3, 'null'],
    ])
  })

  it('reads an array that spans lines', () => {
    const lines = linesOf('[\n  {"event":\n"a"},\n  {"event":"b"}\n]\n')

    assert.deepEqual(numbersAndTexts(lines), [
      [1, '{"event":\n"a"}'],
      [2, '{"event":"b"}'],
    ])
  })

  it('reads one object that spans lines as one event', () => {
    const text = '{\n  "event": "a",\n  "properties": {}\n}'

    assert.deepEqual(linesOf(`\n${text}\n`), [
      { kind: 'json', line: { number: 1, text }, value: { event: 'a', properties: {} } },
    ])
  })

  it('takes an array on one of several lines for that line, not for its elements', () => {
    const lines = linesOf('[{"event":"a"}]\n{"event":"b"}')

    assert.deepEqual(numbersAndTexts(lines), [
      [1, '[{"event":"a"}]'],
      [2, '{"event":"b"}'],
    ])
  })

  for (const text of ['', ' ', '\n\r\n', '[]', '[ ]\n', '[\n]']) {
    it(`finds no event in ${JSON.stringify(text)}`, () => {
      assert.deepEqual(linesOf(text), [])
    })
  }

  for (const text of ['{"event":', 'a,b\r\n1.2.3\r\n\r\nc,d\r\n', '[{"event":"a"},\n{"event":\n']) {
    it(`makes ${JSON.stringify(text)} one bad line, whole`, () => {
      const lines = linesOf(text)

      assert.equal(lines.length, 1)
      assert.partialDeepStrictEqual(lines[0], {
        kind: 'bad_line',
        line: { number: 1, text },
        outcome: { reason: 'invalid_json' },
      })
    })
  }

  it('never quotes the text in its reason', () => {
    const lines = linesOf('{"event":"a"}\n{"email":"eve@example.com"')

    assert.doesNotMatch(JSON.stringify(lines.map(detailOf)), /eve|email/)
  })

  it('keeps a member called __proto__ a member', () => {
    const [line] = linesOf('{"event":"a","properties":{"__proto__":{"admin":true}}}')

    assert.ok(line?.kind === 'json')
    assert.equal(JSON.stringify(line.value), line.line.text)
    assert.equal(Reflect.get({}, 'admin'), undefined)
  })

  for (const open of ['[', '{"a":']) {
    it(`survives ${open} a million times over`, () => {
      const lines = linesOf(open.repeat(1_000_000))

      assert.deepEqual(
        lines.map(({ kind }) => kind),
        ['bad_line'],
      )
    })
  }

  it('does not descend into what is nested deeper than any event: it would cost memory', () => {
    const lines = linesOf('['.repeat(600_000) + ']'.repeat(600_000))

    assert.deepEqual(kinds(lines), ['bad_line'])
  })

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

  it('accounts for every line of any text', () => {
    const unit = fc.constantFrom('{}', '[', ']', '1', 'x', '\n', '\r\n', ' ')

    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const lines = linesOf(text)

        for (const line of lines) {
          if (line.kind === 'json') assert.deepEqual(parse(line.line.text), line.value)
          else assert.throws(() => parse(line.line.text), SyntaxError)
        }
        const anyJson = lines.some(({ kind }) => kind === 'json')
        assert.ok(anyJson || lines.length <= 1)
      }),
      { numRuns: 500 },
    )
  })
})

/** Read a chunk at a time and at once: that must make no difference. */
function linesOf(text: string): readonly ReadLine[] {
  const lines = linesIn(text)
  assert.deepEqual(linesIn(text, 16), lines)
  return lines
}

function numbersAndTexts(lines: readonly ReadLine[]): [number, string][] {
  return lines.map(({ line }) => [line.number, line.text])
}

function kinds(lines: readonly ReadLine[]): string[] {
  return lines.map(({ kind }) => kind)
}

function detailOf(line: ReadLine): string {
  return line.kind === 'bad_line' ? line.outcome.detail : ''
}

function jsonOf(line: ReadLine): unknown {
  return line.kind === 'json' ? line.value : undefined
}

function parse(text: string): unknown {
  return JSON.parse(text)
}

function onOneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ').trim()
}

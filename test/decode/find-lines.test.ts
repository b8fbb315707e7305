import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ParsedLine } from '../../src/model/event.ts'
import { readAll } from './read-all.ts'

describe('the lines of a text', () => {
  it('reads one event a line, each with its raw text and number', () => {
    const lines = linesOf('{"event": "a", "n": 1.50}\n{"event":"b"}')

    assert.deepEqual(lines, [
      {
        line: { number: 1, text: '{"event": "a", "n": 1.50}' },
        parsed: { kind: 'json', value: { event: 'a', n: 1.5 } },
      },
      {
        line: { number: 2, text: '{"event":"b"}' },
        parsed: { kind: 'json', value: { event: 'b' } },
      },
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

  it('are without any white space around them, and none is blank', () => {
    const lines = linesOf('\u2003\ufeff{"event":"a"}\u00a0\n\u00a0\n\v{"event":"b"}\f\n\ufeff\n')

    assert.deepEqual(numbersAndTexts(lines), [
      [1, '{"event":"a"}'],
      [3, '{"event":"b"}'],
    ])
  })

  it('rejects a bad line alone, with its number', () => {
    const lines = linesOf('{"event":"a"}\n\n{"event":\r\n{"event":"b"}')

    assert.deepEqual(kinds(lines), ['json', 'bad_line', 'json'])
    assert.partialDeepStrictEqual(lines[1], {
      line: { number: 3, text: '{"event":' },
      parsed: { reason: 'invalid_json' },
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
      {
        line: { number: 1, text },
        parsed: { kind: 'json', value: { event: 'a', properties: {} } },
      },
    ])
  })

  it('reads one object of more than 64 KiB on one line', () => {
    const text = `{"event":"${'x'.repeat(64 * 1024)}"}`

    const lines = linesOf(text)

    assert.deepEqual(numbersAndTexts(lines), [[1, text]])
    assert.deepEqual(kinds(lines), ['json'])
  })

  for (const text of ['1', 'null', ' "event" \n']) {
    it(`reads one value that is no object: ${JSON.stringify(text)}`, () => {
      const lines = linesOf(text)

      assert.deepEqual(numbersAndTexts(lines), [[1, text.trim()]])
      assert.deepEqual(kinds(lines), ['json'])
    })
  }

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

  describe('when no line is an object', () => {
    for (const text of [
      '{"event":',
      '[1}',
      '[',
      'a,b\r\n1.2.3\r\n\r\nc,d\r\n',
      '1\n2\n{',
      '1\n2\n3',
      '["a",1]\n["b",2]\n',
      'null\n"{}"\n',
      '{"event":"a"}{"event":"b"}',
      '[{"event":NaN}]',
      '[\n{"event":NaN},\n{"event":"b"}\n]',
      '[1,2,NaN]',
      '[1,2',
    ]) {
      it(`are one bad line, whole: ${JSON.stringify(text)}`, () => assertWhole(text))
    }
  })

  describe('of a value over several lines that is broken', () => {
    const nested = '{"event":"nested","properties":{}}'
    const batch = `{\n  "batch": [\n    ${nested},\n    ${nested}\n  ],\n  "time": 1\n}\n`
    for (const [what, text] of [
      ['has a NaN', batch.replace('"time": 1', '"time": NaN')],
      ['is cut off', batch.slice(0, -3)],
      ['is cut off behind an object', batch.slice(0, batch.lastIndexOf('}\n  ]') + 2)],
      ['is followed by another', batch + batch],
      ['has names without quotes', batch.replaceAll(/"(batch|time)"/g, '$1')],
      ['has a comment', batch.replace('{\n', '{\n  // ours\n')],
      ['is indented by tabs', batch.replaceAll('  ', '\t').replace('1', '+1')],
      ['is not indented', batch.replaceAll(/^ +/gm, '').replace('1', '01')],
      ['has a comma too many', batch.replace('1\n', '1,\n')],
      ['opens an array on its first line', `{"batch": [\n${nested},\n${nested}\n], "n": NaN}`],
      ['opens an object on its first line', `{"a": {\n"b":\n${nested}\n}, "n": NaN}`],
      ['has a member on its first line', `{"n": NaN,\n"batch": [\n${nested}\n]}`],
      ['begins an element on its first line', `{"n": [1,\n${nested}\n], "m": NaN}`],
    ] as const) {
      it(`are one bad line, whole, when it ${what}`, () => assertWhole(text))
    }
  })

  describe('of NDJSON', () => {
    for (const [what, text, expected] of [
      ['a lone brace', '{\n{"event":"a"}\n{"event":"b"}', ['bad_line', 'json', 'json']],
      ['a lone brace, one line more', '{\n{"event":"a"}', ['bad_line', 'json']],
      [
        'a lone brace, more are bad',
        '{\n{"event":"a"}\n{"x\n{"y',
        ['bad_line', 'json', 'bad_line', 'bad_line'],
      ],
      [
        'a lone brace, garbage',
        '{\nx\n{"event":"a"}\n{"event":"b"}',
        ['bad_line', 'bad_line', 'json', 'json'],
      ],
      [
        'a line that is cut off',
        '{"event":\n{"event":"a"}\nx\ny',
        ['bad_line', 'json', 'bad_line', 'bad_line'],
      ],
      [
        'a line that is cut off behind a comma',
        '{"event":"a",\n{"event":"b"}',
        ['bad_line', 'json'],
      ],
      ['a lone bracket', '[\n{"event":"a"}\n{"event":"b"}', ['bad_line', 'json', 'json']],
      ['a line of a log', '[INFO] begin\n{"event":"a"}', ['bad_line', 'json']],
      [
        'a line of a log, most are',
        '[INFO] a\n[INFO] b\n[INFO] c\n{"event":"a"}',
        ['bad_line', 'bad_line', 'bad_line', 'json'],
      ],
      [
        'an array, more are bad',
        '[{"event":"a"}]\nx\ny\n{"event":"b"}',
        ['json', 'bad_line', 'bad_line', 'json'],
      ],
      ['a number', '1\n{"event":"a"}', ['json', 'json']],
      [
        'half an array',
        '[{"event":"a"}\n{"event":"b"}\n{"event":"c"}',
        ['bad_line', 'json', 'json'],
      ],
    ] as const) {
      it(`are each by themselves, though the first is no event: ${what}`, () => {
        assert.deepEqual(kinds(linesOf(text)), expected)
      })
    }
  })

  describe('of an array that is broken', () => {
    const a = '{"event":"a"}'
    const b = '{"event":"b"}'
    for (const [text, good, rest] of [
      [`[${a},${b},{"event":`, [a, b], '{"event":'],
      [`[\n${a},\n${b},\n{"event":\n`, [a, b], '{"event":'],
      [`[${a},{"event":NaN},${b}]`, [a], `{"event":NaN},${b}]`],
      [`[\n  ${a},\n  {"event":NaN},\n  ${b}\n]\n`, [a], `{"event":NaN},\n  ${b}\n]`],
      [`[\n${a},\n${b}\n${a},\n${b}\n]`, [a, b], `${a},\n${b}\n]`],
      [`[${a},${b}]]`, [a, b], ']'],
      [`[${a}]\n[${b}]`, [a], `[${b}]`],
      [`[${a},,${b}]`, [a], `,${b}]`],
      [`[${a},1,x]`, [a, '1'], 'x]'],
      [`[["x",\n${a},\n${b}\n],${a},NaN]`, [`["x",\n${a},\n${b}\n]`, a], 'NaN]'],
      [`["x",\n${a},\n${b}\n,NaN]`, ['"x"', a, b], 'NaN]'],
      [`[{"event":\n"a"},\n${b}\n,NaN]`, ['{"event":\n"a"}', b], 'NaN]'],
      [`[\n1,\n2,\n${b}\n]\nx`, ['1', '2', b], 'x'],
      [`[${a},${b}`, [a, b], '['],
      [`[\n${a},\n${b}\n`, [a, b], '['],
      [`[${a},${b},`, [a, b], '['],
    ] as const) {
      it(`are its elements before the fault, and all the rest: ${JSON.stringify(text)}`, () => {
        const lines = linesOf(text)

        const places = [...good, rest].map((line, index) => [index + 1, line])
        assert.deepEqual(numbersAndTexts(lines), places)
        assert.deepEqual(kinds(lines), [...good.map(() => 'json'), 'bad_line'])
        assert.equal(lines.at(-1)?.line.isRest, true)
        assert.partialDeepStrictEqual(lines.at(-1)?.parsed, { reason: 'invalid_json' })
      })
    }

    for (const [text, detail] of [
      [`[${a},${b}`, 'the array is cut off after element 2'],
      [
        `[${a},NaN,${b}]`,
        'element 2 of the array is not JSON, and the rest of the array is not read',
      ],
    ] as const) {
      it(`say why the rest is no event: ${detail}`, () => {
        assert.equal(detailOf(linesOf(text).at(-1)), detail)
      })
    }

    it('are the same of a large array as of a small one', () => {
      const large = Array.from({ length: 20_000 }, (_, index) => `{"event":"e-${index}"}`)

      const lines = linesOf(`[${large.join(', ')},{"event":NaN},${a}]`)

      assert.deepEqual(
        lines.map(({ line }) => line.text),
        [...large, `{"event":NaN},${a}]`],
      )
      assert.equal(kinds(lines).indexOf('bad_line'), 20_000)
    })
  })

  for (const [what, text, detail] of [
    [
      'is not JSON',
      'event=a',
      'the data is not JSON: expected a JSON object, one on each line, or a JSON array of them',
    ],
    [
      'is one broken line',
      '{"event":',
      'the data is not JSON: expected a JSON object, one on each line, or a JSON array of them',
    ],
    ['is too deep', '{"a":'.repeat(14_000), 'the data nests deeper than any event'],
  ] as const) {
    it(`are one bad line that says why, when the text ${what}`, () => {
      assert.deepEqual(linesOf(text).map(detailOf), [detail])
    })
  }

  it('never quotes the text in its reason', () => {
    const lines = linesOf('{"event":"a"}\n{"email":"eve@example.com"')

    assert.doesNotMatch(JSON.stringify(lines.map(detailOf)), /eve|email/)
  })

  it('keeps a member called __proto__ a member', () => {
    const [line] = linesOf('{"event":"a","properties":{"__proto__":{"admin":true}}}')

    assert.equal(line && JSON.stringify(jsonOf(line)), line?.line.text)
    assert.equal(Reflect.get({}, 'admin'), undefined)
  })

  for (const open of ['[', '{"a":']) {
    it(`survives ${open} a million times over`, () => {
      assert.deepEqual(kinds(linesOf(open.repeat(1_000_000))), ['bad_line'])
    })
  }

  for (const [what, value, reason] of [
    ['nested deeper than any event', `${'['.repeat(60_000)}${']'.repeat(60_000)}`, 'invalid_json'],
    ['of more values than are parsed', `[${'[],'.repeat(140_000)}[]]`, 'too_large'],
    ['longer than is parsed', `"${'x'.repeat(4 * 1024 * 1024)}"`, 'too_large'],
  ] as const) {
    it(`rejects a line ${what} alone, unparsed`, () => {
      const lines = linesOf(`{"event":"a"}\n{"a":${value}}\n{"event":"b"}`)

      assert.deepEqual(kinds(lines), ['json', 'bad_line', 'json'])
      assert.partialDeepStrictEqual(lines[1]?.parsed, { reason })
    })

    it(`rejects an element ${what} alone, unparsed`, () => {
      const filler = '{"event":"a"},'.repeat(20_000)

      const lines = linesOf(`[${filler}{"a":${value}},{"event":"b"}]`)

      assert.deepEqual(kinds(lines.slice(-3)), ['json', 'bad_line', 'json'])
      assert.partialDeepStrictEqual(lines.at(-2)?.parsed, { reason })
    })

    it(`rejects a text ${what}`, () => {
      const [line, ...others] = linesOf(`{\n"a":${value}}`)

      assert.partialDeepStrictEqual([line?.parsed, others], [{ reason }, []])
    })
  }
})

function linesOf(text: string): readonly ParsedLine[] {
  return readAll(Buffer.from(text))
}

function assertWhole(text: string): void {
  const [line, ...others] = linesOf(text)
  assert.deepEqual(others, [])
  assert.deepEqual(line?.line, { number: 1, text })
  assert.partialDeepStrictEqual(line?.parsed, { kind: 'rejected', reason: 'invalid_json' })
}

function numbersAndTexts(lines: readonly ParsedLine[]): [number, string][] {
  return lines.map(({ line }) => [line.number, line.text])
}

function kinds(lines: readonly ParsedLine[]): string[] {
  return lines.map(({ parsed }) => (parsed.kind === 'json' ? 'json' : 'bad_line'))
}

function detailOf(line: ParsedLine | undefined): string {
  return line?.parsed.kind === 'rejected' ? line.parsed.detail : ''
}

function jsonOf({ parsed }: ParsedLine): unknown {
  return parsed.kind === 'json' ? parsed.value : undefined
}

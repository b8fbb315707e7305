import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createDecode } from '../../src/decode/decode.ts'
import { footprintOf } from '../../src/decode/footprint.ts'
import { parseLine } from '../../src/decode/parse-line.ts'
import { createByteBudget } from '../../src/lib/byte-budget.ts'
import type { Decoded, ParsedLine } from '../../src/model/event.ts'
import type { MessageData } from '../../src/model/message.ts'
import { anyText } from '../helpers/any-text.ts'
import { aMessage, base64 } from '../helpers/builders.ts'
import { settlePromises } from '../helpers/fake-clock.ts'

const MIB = 1024 * 1024
const EVENT = '{"event":"a","properties":{}}'
/** Too large to be inflated at once, and no multiple of anything. */
const LARGE = `${EVENT}\n`.repeat(10_000)

describe('createDecode', () => {
  it('finds one line without a value in a message without data', () => {
    assert.deepEqual(linesOf(createScene().decode('')), [
      { line: { number: 1, text: '' }, parsed: { kind: 'json', value: undefined } },
    ])
  })

  it('answers at once for text', () => {
    assert.deepEqual(textsOf(createScene().decode(base64(EVENT))), [EVENT])
  })

  it('leaves a byte-order mark out', () => {
    const { decode } = createScene()

    assert.deepEqual(textsOf(decode(base64(`\ufeff${EVENT}`))), [EVENT])
    assert.deepEqual(textsOf(decode(base64('\ufeff[\n]'))), [])
    assert.deepEqual(textsOf(decode(base64('\ufeff'))), [])
  })

  it('leaves a byte-order mark out of a text that is rejected whole, and nothing like one', () => {
    const { decode } = createScene()

    assert.deepEqual(textsOf(decode(base64('\ufeffno JSON'))), ['no JSON'])
    for (const like of ['\ufefe', '\ufebf', '\u2eff']) {
      assert.deepEqual(textsOf(decode(base64(`${like}no JSON`))), [`${like}no JSON`])
    }
  })

  it('takes a text that is rejected whole for its first line', async () => {
    assert.deepEqual(numbersOf(await createScene().decode(base64('no JSON\nnor this'))), [1])
  })

  for (const [what, bytes] of [
    ['a small text', Buffer.from(EVENT)],
    ['a large text', Buffer.from(LARGE)],
    ['gzip that is inflated at once', gzipSync(EVENT)],
    ['gzip that waits for its turn', gzipSync(LARGE)],
  ] as const) {
    it(`reads bytes like their base64: ${what}`, async () => {
      const { decode } = createScene()

      const lines = textsOf(await decode(bytes))

      assert.deepEqual(lines, textsOf(await decode(base64(bytes))))
      assert.equal(lines[0], EVENT)
    })
  }

  it('rejects data that is not base64 as unreadable', () => {
    assertRejected(createScene().decode('{"event":"a"}'), 'unreadable_data')
  })

  describe('of bytes that are not UTF-8', () => {
    const good = '{"event":"a","properties":{"text":"é"}}'
    const bad = Buffer.from('{"event":"caf\xe9"}', 'latin1')
    const [open, comma, close, lineFeed] = ['[', ',', ']', '\n'].map((text) => Buffer.from(text))
    const forms = {
      'a line': [Buffer.from(good), lineFeed, bad, lineFeed, Buffer.from(good)],
      'an element': [open, Buffer.from(good), comma, bad, comma, Buffer.from(good), close],
      'the first line': [bad, lineFeed, Buffer.from(good)],
      'the first element': [open, bad, comma, Buffer.from(good), close],
      'the last line, after a byte-order mark': [Buffer.from(`\ufeff${good}\r\n`), bad],
    }
    for (const [what, parts] of Object.entries(forms)) {
      for (const [how, encode] of Object.entries({ plain: Buffer.from, gzip: gzipSync })) {
        it(`rejects ${what} alone, with its bytes: ${how}`, async () => {
          const bytes = Buffer.concat(parts.map((part) => part ?? Buffer.alloc(0)))

          const lines = linesOf(await createScene().decode(base64(encode(bytes))))

          const rejected = lines.filter(({ parsed }) => parsed.kind === 'rejected')
          assert.partialDeepStrictEqual(rejected, [
            { line: { data: base64(bad) }, parsed: { reason: 'unreadable_data' } },
          ])
          const others = lines.filter(({ parsed }) => parsed.kind === 'json')
          assert.ok(others.length >= 1)
          assert.ok(others.every(({ line }) => line.text === good && line.data === undefined))
        })
      }
    }

    it('finds the bad one of a thousand, in its place', async () => {
      const lines = Array.from({ length: 1_000 }, (_, index) =>
        Buffer.from(`{"event":"${index}"}\n`),
      )
      lines[499] = Buffer.from('{"event":"caf\xe9"}\n', 'latin1')

      const decoded = linesOf(await createScene().decode(base64(Buffer.concat(lines))))

      assert.deepEqual(
        decoded.filter(({ parsed }) => parsed.kind !== 'json').map(({ line }) => line.number),
        [500],
      )
      assert.equal(decoded.length, 1_000)
    })

    for (const [what, bytes] of [
      ['a lone value', bad],
      ['a value over several lines', Buffer.from('{\n"event":"caf\xe9"\n}', 'latin1')],
      ['UTF-16 with a byte-order mark', Buffer.from(`\ufeff${good}\n${good}`, 'utf16le')],
      ['UTF-16 without one', Buffer.from(`${good}\n${good}\ud83d\ude00\u00e9`, 'utf16le')],
      ['big-endian UTF-16', Buffer.from(`\ufeff${good}\n${good}`, 'utf16le').swap16()],
      ['something else', Buffer.from('0a0512036162631280c0ff0a7b0a', 'hex')],
    ] as const) {
      it(`rejects ${what} as a whole`, () => {
        assertRejected(createScene().decode(base64(bytes)), 'unreadable_data')
      })
    }
  })

  it('counts what its events take of the memory', () => {
    const { decode, budget } = createScene()

    decode(base64(EVENT))

    assert.equal(budget.held(), weightOf(EVENT))
  })

  const hostile = {
    'elements than are taken': `[${'1,'.repeat(1_000_000)}1]`,
    'brackets than memory could hold': '['.repeat(3_000_000),
    'garbage than one dead letter could hold': 'x\n'.repeat(300_000),
  }
  for (const [what, text] of Object.entries(hostile)) {
    it(`rejects a message of more ${what}, before it is parsed`, async () => {
      const { decode, budget } = createScene({
        maxFootprintBytes: what.startsWith('elements') ? 32 * MIB : MIB,
      })

      const decoded = await decode(base64(gzipSync(text)))

      assert.partialDeepStrictEqual(decoded, {
        kind: 'undecodable',
        outcome: { reason: 'too_large' },
      })
      assert.ok(budget.held() <= text.length)
    })
  }

  it('weighs a long line that is no event as its letter: with each control character as JSON writes it', async () => {
    const weigh = async (line: string): Promise<number> => {
      const { decode, budget } = createScene()
      await decode(base64(`${EVENT}\n${line}`))
      return budget.held()
    }

    const plain = await weigh('x'.repeat(2 * MIB))
    const controls = await weigh('\u0001'.repeat(2 * MIB))

    assert.equal(controls - plain, 24 * MIB)
  })

  it('counts no blank line as an event', async () => {
    const blank = '\n \r\n'.repeat(100_000)

    const decoded = await createScene().decode(base64(`${EVENT}\n${blank}${EVENT}`))

    assert.deepEqual(numbersOf(decoded), [1, 200_002])
  })

  it('takes a large text in turns', async () => {
    const large = (part: string) => part.repeat(Math.ceil(MIB / part.length))
    for (const text of [
      large('\n'),
      large(' '),
      `[${large('1, ')}`,
      `${EVENT}${large(' ')}`,
      `[${EVENT}]${large(' ')}`,
      `[${EVENT}${large('\u00a0')}x`,
      large('['),
      large(`${EVENT}\n`),
      `[${large(`${EVENT},`)}{}]`,
    ]) {
      let turns = 0
      const decode = createDecode(
        { maxBytes: 64 * MIB, maxFootprintBytes: 128 * MIB },
        async () => {
          turns += 1
        },
      )

      await decode(
        aMessage({ data: base64(text) }),
        createByteBudget(128 * MIB).openMessage(),
        () => true,
      )

      assert.ok(turns > 2, `${text.slice(0, 10)} in ${turns} turns`)
    }
  })

  it('waits for room when its events would take more than is free, and reads the text again', async () => {
    const { decode, budget } = createScene({ budgetBytes: MIB })
    const other = budget.openMessage()
    other.tryReserve(MIB)
    const text = `${EVENT}\n`.repeat(500)

    const decoded = Promise.resolve(decode(base64(text)))
    await settlePromises()
    assert.equal(budget.held(), MIB)
    other.release()

    assert.equal(textsOf(await decoded).length, 500)
    assert.equal(budget.held(), weightOf(text))
  })

  it('goes back when there is no room before its time is up', async () => {
    const { decode, budget } = createScene({ budgetBytes: MIB })
    const other = budget.openMessage()
    other.tryReserve(MIB)
    let wanted = true

    const decoded = decode(base64(`${EVENT}\n`.repeat(500)), {}, () => wanted)
    wanted = false
    other.release()

    assert.deepEqual(await decoded, { kind: 'out_of_time' })
  })

  describe('of gzip', () => {
    const gzipAttributes: Record<string, string>[] = [
      {},
      { 'content-encoding': 'gzip' },
      { 'Content-Encoding': 'GZIP' },
      { encoding: 'gzip' },
    ]
    for (const attributes of gzipAttributes) {
      it(`inflates it with the attributes ${JSON.stringify(attributes)}`, () => {
        const decoded = createScene().decode(base64(gzipSync(EVENT)), attributes)

        assert.deepEqual(textsOf(decoded), [EVENT])
      })
    }

    it('takes text for text though an attribute says gzip', () => {
      const decoded = createScene().decode(base64(EVENT), { 'content-encoding': 'gzip' })

      assert.deepEqual(textsOf(decoded), [EVENT])
    })

    it('says so when an attribute promises gzip that is not there', () => {
      const decoded = createScene().decode(base64(Buffer.from([0x78, 0x9c, 0xff])), {
        'content-encoding': 'gzip',
      })

      assertRejected(decoded, 'unreadable_data', /gzip/)
    })

    for (const attributes of [
      { 'content-encoding': 'gzip' },
      { source: 'shop', 'Content-Encoding': 'GZIP' },
      { encoding: 'x-gzip' },
    ]) {
      it(`says that ${JSON.stringify(attributes)} promised it when the data is no text`, () => {
        const decoded = createScene().decode(base64(Buffer.from([0x78, 0x9c, 0xff])), attributes)

        assertRejected(
          decoded,
          'unreadable_data',
          /^the data is neither UTF-8 nor the gzip that an attribute announces$/,
        )
      })
    }

    for (const attributes of [
      { 'content-encoding': 'br' },
      { 'x-encoding': 'gzip' },
      { 'encoding-of-it': 'gzip' },
      { source: 'gzip' },
    ]) {
      it(`takes ${JSON.stringify(attributes)} for no promise of it`, () => {
        const decoded = createScene().decode(base64(Buffer.from([0x78, 0x9c, 0xff])), attributes)

        assertRejected(decoded, 'unreadable_data', /^the data is not UTF-8$/)
      })
    }

    it('inflates members that follow one another, small and large', async () => {
      const { decode } = createScene()
      const small = gzipSync(`${EVENT}\n`)
      const large = gzipSync(LARGE)

      assert.equal(numbersOf(decode(base64(Buffer.concat([small, small])))).length, 2)
      assert.equal(numbersOf(await decode(base64(Buffer.concat([large, small])))).length, 10_001)
      assert.equal(numbersOf(await decode(base64(Buffer.concat([large, large])))).length, 20_000)
    })

    for (const [size, first] of Object.entries({
      small: gzipSync(`${EVENT}\n`),
      large: gzipSync(LARGE),
    })) {
      const next = gzipSync(EVENT)
      for (const [what, following] of [
        ['a zero byte and another member', Buffer.concat([Buffer.alloc(1), next])],
        ['700 zero bytes and another member', Buffer.concat([Buffer.alloc(700), next])],
        ['another member, a zero byte and a third', Buffer.concat([next, Buffer.alloc(1), next])],
        ['a zero byte and another one', Buffer.from([0, 1])],
        ['zeros, and another byte last', Buffer.concat([Buffer.alloc(70_000), Buffer.from([7])])],
        ['half a member', next.subarray(0, 12)],
        ['text', Buffer.from(EVENT)],
      ] as const) {
        it(`rejects ${size} gzip as unreadable that is followed by ${what}`, async () => {
          const data = base64(Buffer.concat([first, following]))

          assertRejected(await createScene().decode(data), 'unreadable_data')
        })
      }

      it(`takes ${size} gzip that is padded with zeros`, async () => {
        for (const zeros of [1, 512, 100_000]) {
          const data = base64(Buffer.concat([first, Buffer.alloc(zeros)]))

          assert.ok(numbersOf(await createScene().decode(data)).length >= 1)
        }
      })
    }

    it('inflates to as many bytes as are allowed and rejects one more as too large', () => {
      const text = ' '.repeat(5_000)
      const exact = createScene({ maxBytes: 5_000 })
      const short = createScene({ maxBytes: 4_999 })

      assert.deepEqual(textsOf(exact.decode(base64(gzipSync(text)))), [])
      assertRejected(short.decode(base64(gzipSync(text))), 'too_large', /4999 bytes/)
    })

    it('rejects a bomb as too large, and holds nothing for it', async () => {
      const { decode, budget } = createScene({ maxBytes: MIB })
      const bomb = gzipSync(Buffer.alloc(4 * MIB))

      assertRejected(await decode(base64(bomb)), 'too_large')
      assert.equal(budget.held(), 0)
    })

    it('rejects a bomb whose trailer tells a small size as too large', async () => {
      const bomb = gzipSync(Buffer.alloc(4 * MIB))
      bomb.writeUInt32LE(1, bomb.length - 4)

      assertRejected(await createScene({ maxBytes: MIB }).decode(base64(bomb)), 'too_large')
    })

    for (const [fault, bytes] of [
      ['cut off', gzipSync(EVENT).subarray(0, -9)],
      ['without a trailer', gzipSync(EVENT).subarray(0, -4)],
      ['with a wrong checksum', withFlippedByte(gzipSync(EVENT), -6)],
      ['that is a header alone', Buffer.from([0x1f, 0x8b])],
      ['that is large and cut off', gzipSync(LARGE).subarray(0, -9)],
      ['that is large and has a wrong checksum', withFlippedByte(gzipSync(LARGE), -6)],
    ] as const) {
      it(`rejects gzip ${fault} as unreadable`, async () => {
        const { decode } = createScene()

        assertRejected(
          await decode(base64(bytes)),
          'unreadable_data',
          /^the data is gzip, but cut off or damaged$/,
        )
      })
    }

    it('counts what the events take, of small and large ones', async () => {
      const small = createScene()
      const large = createScene()

      small.decode(base64(gzipSync(EVENT)))
      await large.decode(base64(gzipSync(LARGE)))

      assert.equal(small.budget.held(), weightOf(EVENT))
      assert.equal(large.budget.held(), weightOf(LARGE))
    })

    it('does not begin to inflate a large one before its bytes are free', async () => {
      const { decode, budget } = createScene({ budgetBytes: MIB })
      const other = budget.openMessage()
      await other.reserve(MIB, () => true)

      let ended = false
      const decoded = Promise.resolve(decode(base64(gzipSync(LARGE)))).then((end) => {
        ended = true
        return end
      })
      await settlePromises()
      assert.equal(ended, false)
      assert.equal(budget.held(), MIB)
      other.release()

      assert.equal(numbersOf(await decoded).length, 10_000)
    })

    it('reserves what the trailer says, so that two fit that would not at the most', async () => {
      const maxBytes = 64 * MIB
      const { decode, budget } = createScene({ maxBytes, budgetBytes: maxBytes })
      const other = budget.openMessage()
      await other.reserve(maxBytes - weightOf(LARGE), () => true)

      const decoded = await decode(base64(gzipSync(LARGE)))

      assert.equal(numbersOf(decoded).length, 10_000)
    })

    it('is out of time when nobody wants it once its turn has come', async () => {
      const { budget, decode } = createScene({ budgetBytes: MIB })
      const other = budget.openMessage()
      await other.reserve(MIB, () => true)

      const decoded = decode(base64(gzipSync(LARGE)), {}, () => false)
      other.release()

      assert.deepEqual(await decoded, { kind: 'out_of_time' })
      assert.equal(budget.held(), 0)
    })
  })

  it('never throws, whatever the data', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    const damaged = fc.tuple(fc.constantFrom(gzipSync(EVENT), gzipSync(LARGE)), fc.nat(), bytes)
    const data = fc.oneof(
      anyText(),
      bytes.map(base64),
      bytes.map((tail) => base64(Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), tail]))),
      damaged.map(([gzip, at, patch]) => base64(patched(gzip, at % gzip.length, patch))),
    )

    await fc.assert(
      fc.asyncProperty(data, async (text) => {
        // A budget of its own: nothing gives back here what the events hold of it.
        const { decode } = createScene({ maxBytes: 300_000 })
        assert.match((await decode(text)).kind, /^(lines|undecodable)$/)
      }),
      { numRuns: 200 },
    )
  })
})

function createScene(
  options: { maxBytes?: number; maxFootprintBytes?: number; budgetBytes?: number } = {},
) {
  const { maxBytes = 64 * MIB, maxFootprintBytes = 128 * MIB, budgetBytes = 128 * MIB } = options
  const budget = createByteBudget(budgetBytes)
  const decodeMessage = createDecode({ maxBytes, maxFootprintBytes }, settlePromises)

  return { budget, decode }

  function decode(data: MessageData, attributes: Record<string, string> = {}, wanted = () => true) {
    return decodeMessage(aMessage({ data, attributes }), budget.openMessage(), wanted)
  }
}

function linesOf(decoded: Decoded | Promise<Decoded>): ParsedLine[] {
  assert.ok('kind' in decoded, 'not at once')
  assert.equal(decoded.kind, 'lines')
  const { body } = decoded
  return Array.from(decoded.lines, (place) => parseLine(body, place))
}

function textsOf(decoded: Decoded | Promise<Decoded>): string[] {
  return linesOf(decoded).map(({ line }) => line.text)
}

function numbersOf(decoded: Decoded | Promise<Decoded>): number[] {
  assert.ok('kind' in decoded, 'not at once')
  assert.equal(decoded.kind, 'lines')
  return Array.from(decoded.lines, ({ number }) => number)
}

/** Returns the footprint of a text whose lines are all alike. */
function weightOf(text: string): number {
  const lines = text.trim().split('\n')
  const longest = { bytes: lines[0]?.length ?? 0, controls: 0 }
  return footprintOf(text.length, { items: lines.length, longest })
}

function assertRejected(
  decoded: Decoded | Promise<Decoded>,
  reason: string,
  detail: RegExp = /./,
): void {
  assert.ok('kind' in decoded, 'not at once')
  assert.equal(decoded.kind, 'undecodable')
  assert.equal(decoded.outcome.reason, reason)
  assert.match(decoded.outcome.detail, detail)
}

function withFlippedByte(bytes: Buffer, at: number): Buffer {
  const index = bytes.length + at
  return patched(bytes, index, Uint8Array.of((bytes[index] ?? 0) ^ 0xff))
}

function patched(bytes: Buffer, at: number, patch: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), patch, bytes.subarray(at + patch.length)])
}

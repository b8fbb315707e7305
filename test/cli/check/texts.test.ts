import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createCheckLines } from '../../../src/cli/check/check-lines.ts'
import {
  type Checked,
  createCheckText,
  type TextLimits,
} from '../../../src/cli/check/check-text.ts'
import { inflated } from '../../../src/cli/check/inflated.ts'
import { asPublished } from '../../../src/transform/transform.ts'
import { aMessage } from '../../helpers/builders.ts'
import { anEvent } from './scene.ts'

const MIB = 1024 * 1024
const LIMITS: TextLimits = { maxBytes: 4 * MIB, maxFootprintBytes: 128 * MIB }
/** A text is large from here on. */
const HEAD_BYTES = 4_096

describe('a text of any size', () => {
  it('is read line by line, with the number of each line', async () => {
    const found = await checked(`\ufeff${anEvent()}\r\n\n${anEvent()}\n  {"event":\n`)

    assert.deepEqual(found, ['1:1 ok', '3:1 ok', '4:3 invalid_json'])
  })

  it('is read as one array or one value, with the place of each element', async () => {
    assert.deepEqual(await checked(`[${anEvent()},\n  ${anEvent()}, 7]`), [
      '1:2 ok',
      '2:3 ok',
      `2:${anEvent().length + 5} invalid_event`,
    ])
    assert.deepEqual(await checked(JSON.stringify(JSON.parse(anEvent()), undefined, 2)), ['1:1 ok'])
  })

  it('has no event when it is blank, and its data is empty when it is', async () => {
    assert.deepEqual(await checked(''), [])
    assert.deepEqual(await checked('\n \n'), [])
  })

  it('has the same lines however large it is, and however its chunks are cut', async () => {
    const line = fc.constantFrom(
      anEvent(),
      '{"event":',
      '',
      '  ',
      anEvent({ note: 'é'.repeat(400) }),
    )
    const texts = fc.array(line, { minLength: 1, maxLength: 12 })

    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 700 }), async (lines, chunkBytes) => {
        const text = `${anEvent()}\n${lines.join('\n')}`
        // Blank lines make it large, and change nothing.
        const large = `${anEvent()}\n${' '.repeat(HEAD_BYTES)}\n${lines.join('\n')}`

        const small = await checked(text, chunkBytes)
        const streamed = await checked(large, 2 * chunkBytes, { ...LIMITS, headBytes: HEAD_BYTES })

        assert.deepEqual(streamed.map(lineBefore), small)
      }),
      { numRuns: 30 },
    )
  })

  it('begins after its byte-order mark, however large it is', async () => {
    const found = await checked(`\ufeff${'x\n'.repeat(2)}${`${anEvent()}\n`.repeat(20_000)}`)

    assert.deepEqual(found.slice(0, 3), ['1:1 invalid_json', '2:1 invalid_json', '3:1 ok'])
  })

  it('is read as NDJSON when its first line is broken and the next are not', async () => {
    const lines = [
      '{"event":',
      ...Array.from({ length: 4_000 }, () => anEvent({ note: 'x'.repeat(300) })),
    ]

    const found = await checked(lines.join('\n'))

    assert.equal(found.length, 4_001)
    assert.deepEqual(found.slice(0, 2), ['1:1 invalid_json', '2:1 ok'])
  })

  it('is read to its end when it is a large array', async () => {
    const events = Array.from({ length: 4_000 }, () => anEvent({ note: 'x'.repeat(300) }))

    const found = await checked(`[\n${events.join(',\n')}\n]`)

    assert.equal(found.length, 4_000)
    assert.equal(found.at(-1), '4001:1 ok')
  })

  it('is rejected when it is one value with more bytes than a message may have', async () => {
    const events = Array.from({ length: 12_000 }, () => anEvent({ note: 'x'.repeat(300) }))

    assert.deepEqual(await checked(`[\n${events.join(',\n')}\n]`), ['line 1 too_large'])
  })

  it('loses one line only when that line is too large to read', async () => {
    const large = `{"event":"${'x'.repeat(5 * MIB)}"}`

    const found = await checked([anEvent(), large, anEvent(), large].join('\n'))

    assert.deepEqual(found, ['1:1 ok', 'line 2 too_large', '3:1 ok', 'line 4 too_large'])
  })

  it('rejects a line alone that is too large to parse', async () => {
    const large = `{"event":"${'x'.repeat(2 * MIB)}"}`

    const found = await checked([anEvent(), large, anEvent()].join('\n'))

    assert.deepEqual(found, ['1:1 ok', '2:1 invalid_event', '3:1 ok'])
  })

  it('rejects a line alone that is not UTF-8', async () => {
    const latin1 = Buffer.from(anEvent({ city: 'Zürich' }), 'latin1')
    const text = Buffer.concat([latin1, Buffer.from(`\n${anEvent({ city: 'Zürich' })}\n`)])

    assert.deepEqual(await checked(text), ['1:1 unreadable_data', '2:1 ok'])
  })

  for (const encoding of ['with a mark', 'without a mark'] as const) {
    it(`is rejected as a whole when it is UTF-16 ${encoding}`, async () => {
      const bytes = Buffer.from(
        `${encoding === 'with a mark' ? '\ufeff' : ''}${anEvent()}\n`,
        'utf16le',
      )

      assert.deepEqual(await checked(bytes), ['text unreadable_data'])
      assert.deepEqual(await checked(Buffer.from(bytes).swap16()), ['text unreadable_data'])
    })
  }

  it('rejects each line of NUL bytes', async () => {
    assert.deepEqual(await checked(`${anEvent()}\n\0\0\0\n`), ['1:1 ok', '2:1 invalid_json'])
  })
})

describe('a text in gzip', () => {
  const text = Array.from({ length: 3_000 }, (_, n) => anEvent({ n })).join('\n')

  it('is inflated, of one member or several, with zeros after them', async () => {
    const halves = [text.slice(0, 70_000), text.slice(70_000)].map((half) => gzipSync(half))
    const zeros = Buffer.alloc(70_000)

    for (const chunkBytes of [1_000, 64 * 1024]) {
      assert.equal((await checked(gzipSync(text), chunkBytes)).length, 3_000)
      assert.equal((await checked(Buffer.concat([...halves, zeros]), chunkBytes)).length, 3_000)
    }
  })

  it('is damaged when it is cut off anywhere after its first two bytes', async () => {
    const whole = gzipSync(anEvent())
    const cut = fc.integer({ min: 2, max: whole.length - 1 })

    await fc.assert(
      fc.asyncProperty(cut, fc.integer({ min: 1, max: 40 }), async (bytes, chunkBytes) => {
        await assert.rejects(checked(whole.subarray(0, bytes), chunkBytes), DAMAGED)
      }),
    )
  })

  it('is damaged when bytes follow that are no member and no zeros', async () => {
    for (const after of ['x', `\0x`, `${'\0'.repeat(90_000)}x`]) {
      const bytes = Buffer.concat([gzipSync(text), Buffer.from(after)])
      await assert.rejects(checked(bytes, 1_000), DAMAGED)
    }
  })

  it('is damaged when a byte in it has changed', async () => {
    const bytes = gzipSync(text)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff

    await assert.rejects(checked(bytes), DAMAGED)
  })
})

const DAMAGED = { name: 'DamagedText' }

/** Checks a text. Returns the place of each line with the reason of its rejection. */
async function checked(
  text: string | Buffer,
  chunkBytes = 64 * 1024,
  limits = LIMITS,
): Promise<string[]> {
  const found: string[] = []
  const checkLines = createCheckLines({ transform: asPublished, insertId: 'message' })
  const take = (one: Checked) => void found.push(...textsOf(one))
  await createCheckText(limits, { message: aMessage({ data: '' }), checkLines, take })(
    inflated(chunksOf(Buffer.from(text), chunkBytes)),
  )
  return found
}

function textsOf(checked: Checked): string[] {
  if (checked.kind === 'unread') {
    return [
      `${checked.line === undefined ? 'text' : `line ${checked.line}`} ${checked.outcome.reason}`,
    ]
  }
  const { line, column } = checked.locate(checked.place.start)
  return checked.checked.events.map(({ step }) => {
    return `${line}:${column} ${step.kind === 'rejected' ? step.reason : 'ok'}`
  })
}

async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** The same place, as it were without the second line. */
function lineBefore(place: string): string {
  const [line, rest] = place.split(/:(.*)/)
  return line === '1' ? place : `${Number(line) - 1}:${rest}`
}

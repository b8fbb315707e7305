import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { byteLines } from '../../src/cli/byte-lines.ts'

async function linesOf(chunks: readonly Uint8Array[], maxBytes = 1_000): Promise<string[]> {
  const stream = (async function* () {
    yield* chunks
  })()
  const lines: string[] = []
  for await (const line of byteLines(stream, maxBytes)) lines.push(line.toString('latin1'))
  return lines
}

describe('the lines of a stream', () => {
  it('are the same however it is cut', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'ÿ'), maxLength: 30 })

    await fc.assert(
      fc.asyncProperty(text, fc.nat(30), fc.nat(30), async (whole, one, other) => {
        const bytes = Buffer.from(whole, 'latin1')
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const parts = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]

        const expected = whole.split('\n')
        if (expected.at(-1) === '') expected.pop()
        assert.deepEqual(await linesOf(parts), expected)
      }),
    )
  })

  it('may be as long as is allowed, and no longer', async () => {
    assert.deepEqual(await linesOf([Buffer.from('abc\nabc')], 3), ['abc', 'abc'])
    await assert.rejects(linesOf([Buffer.from('a\nab'), Buffer.from('cd')], 3), /line 2 is longer/)
  })
})

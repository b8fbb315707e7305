import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createDecode } from '../../../src/decode/decode.ts'
import { createByteBudget } from '../../../src/lib/byte-budget.ts'
import type { Decoded } from '../../../src/model/event.ts'
import { aMessage, base64 } from '../../helpers/builders.ts'
import { settlePromises } from '../../helpers/fake-clock.ts'

const MIB = 1024 * 1024
const EVENT = '{"event":"a","properties":{}}'

it('a message of as many lines as may be is taken, and of one more rejected', async () => {
  const most = `${EVENT}${'\n1'.repeat(999_999)}\n`

  const taken = await decoded(most)
  const refused = await decoded(`${most}1`)

  assert.equal(taken.kind === 'lines' && Array.from(taken.lines).length, 1_000_000)
  assert.partialDeepStrictEqual(refused, { kind: 'undecodable', outcome: { reason: 'too_large' } })
})

async function decoded(text: string): Promise<Decoded> {
  const limits = { maxBytes: 64 * MIB, maxFootprintBytes: 128 * MIB }
  const bytes = createByteBudget(128 * MIB).openMessage()
  return createDecode(limits, settlePromises)(aMessage({ data: base64(text) }), bytes, () => true)
}

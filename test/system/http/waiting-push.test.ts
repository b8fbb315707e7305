import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Settlement } from '../../../src/model/settlement.ts'
import { startApp } from '../../helpers/app.ts'
import { base64 } from '../../helpers/builders.ts'
import { collectGarbage } from '../../helpers/collect-garbage.ts'
import { until } from '../../helpers/until.ts'

const MIB = 1024 * 1024
const BODY = `{"message":{"messageId":"1","data":"${base64('x'.repeat(3 * MIB))}"}}`
const PUSHES = 8

it('a push that waits for its settlement lets go of its body', async (t) => {
  const end = Promise.withResolvers<Settlement>()
  let waiting = 0
  const { push } = await startApp(t, {
    deps: {
      settle: () => {
        waiting += 1
        return end.promise
      },
    },
  })
  collectGarbage()
  const before = memoryInUse()

  const answers: Promise<string>[] = []
  while (waiting < PUSHES) {
    const next = waiting + 1
    answers.push(push(BODY))
    await until('the push waits', () => waiting === next)
  }
  collectGarbage()
  const held = memoryInUse() - before
  end.resolve({ kind: 'ack', reason: 'imported', status: 204 })

  assert.ok(held < 2 * BODY.length, `${held} bytes are held`)
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['204']))
})

/** Returns the bytes of the heap and of the Buffers outside it. */
function memoryInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createAlarms } from '../../../src/lib/alarms.ts'
import { collectGarbage } from '../../helpers/collect-garbage.ts'
import { createFakeClock } from '../../helpers/fake-clock.ts'

it('alarms keep next to nothing of thousands that were cancelled behind a long wait', async () => {
  const clock = createFakeClock()
  const rung: string[] = []
  const alarms = createAlarms(clock)
  alarms.set(1_000, () => rung.push(`at ${clock.monotonic()}`))
  collectGarbage()
  const before = process.memoryUsage().heapUsed

  for (let n = 0; n < 200_000; n++) alarms.set(2_000, () => rung.push('cancelled')).cancel()

  collectGarbage()
  assert.ok(process.memoryUsage().heapUsed - before < 4e6)
  await clock.advance(3_000)
  assert.deepEqual(rung, ['at 1000'])
})

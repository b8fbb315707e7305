import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createDeliverBatch } from '../../../src/deliver/deliver-batch.ts'
import { createGate } from '../../../src/deliver/gate.ts'
import { createHolding } from '../../../src/deliver/holding.ts'
import type { AttemptPolicy } from '../../../src/deliver/mixpanel-client.ts'
import { createRefusals } from '../../../src/deliver/refusals.ts'
import { createTrust } from '../../../src/deliver/trust.ts'
import { createLimit } from '../../../src/lib/semaphore.ts'
import { aPendingEvent, aSink } from '../../helpers/builders.ts'
import { collectGarbage } from '../../helpers/collect-garbage.ts'
import { createFakeClock, settlePromises } from '../../helpers/fake-clock.ts'

it('lets go of a delivered batch, though the client still holds the request', async () => {
  const kept: AttemptPolicy[] = []
  const clock = createFakeClock()
  const gate = createGate(
    { initialMs: 1, maxMs: 1, maxEventsPerSecond: 1_000, maxConcurrency: 1 },
    { clock, random: () => 0 },
  )
  const trust = createTrust()
  const deliverBatch = createDeliverBatch({
    gate,
    trust,
    refusals: createRefusals(trust, clock),
    holding: createHolding(clock),
    clock,
    random: () => 0,
    gzipLimit: createLimit(1),
    misconfigured: () => {},
    yielded: () => {},
    shortfall: () => {},
    suspected: () => {},
    client: {
      send: async (_body, policy) => {
        kept.push(policy)
        const body = '{"status":"OK","num_records_imported":1}'
        const answer = { kind: 'answered', status: 200, body } as const
        policy.onAnswer(answer)
        return answer
      },
    },
  })

  const sink = await delivered()
  await settlePromises()
  collectGarbage()

  assert.equal(kept.length, 1)
  assert.equal(sink.deref(), undefined)

  async function delivered() {
    const someone = aSink()
    await deliverBatch([aPendingEvent(someone)])
    assert.equal(someone.arrivals.length, 1)
    return new WeakRef(someone)
  }
})

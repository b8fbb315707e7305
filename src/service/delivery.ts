import { type Batcher, createBatcher } from '../batch/batcher.ts'
import type { Config } from '../config/load-config.ts'
import { createDeliverBatch } from '../deliver/deliver-batch.ts'
import { createGate, type Gate } from '../deliver/gate.ts'
import { createHolding } from '../deliver/holding.ts'
import { createMixpanelClient } from '../deliver/mixpanel-client.ts'
import { createRefusals } from '../deliver/refusals.ts'
import { createStanding, type Standing } from '../deliver/standing.ts'
import type { Clock } from '../lib/clock.ts'
import { createLimit } from '../lib/semaphore.ts'
import type { RetryReason } from '../model/outcome.ts'
import type { Telemetry } from '../model/telemetry.ts'
import { VERSION } from '../version.ts'

/** What carries events to Mixpanel: batches, the gate they pass, the client that sends them. */
export interface Delivery {
  readonly batcher: Batcher
  readonly gate: Gate
  readonly standing: Standing
  /** Looks again at all that waits: the times until which it waits have moved. */
  review(): void
  /** From now on nothing waits: neither for company nor for a better moment. */
  drain(): void
  close(): void
}

export interface DeliveryParts {
  readonly clock: Clock
  /** In [0, 1): the jitter of the back-off. */
  readonly random: () => number
  readonly telemetry: Telemetry
}

/** Documented by Mixpanel: from 2 s, doubling to 60 s. */
const BACKOFF = { initialMs: 2_000, maxMs: 60_000 }
/** The thread pool has four threads, and the verification of tokens wants one. */
const GZIPS_UNDER_WAY = 2

/** Puts the rooms `batch` and `deliver` together. */
export function createDelivery(config: Config, parts: DeliveryParts): Delivery {
  const { mixpanel, batch, delivery } = config
  const { clock, random, telemetry } = parts
  const client = createMixpanelClient(
    { ...mixpanel, maxSockets: delivery.maxConcurrency, userAgent: `pubsub-mixpanel/${VERSION}` },
    { clock, requestEnded: telemetry.requestEnded },
  )
  const gate = createGate({ ...BACKOFF, ...delivery }, { clock, random })
  const standing = createStanding()
  const holding = createHolding(clock)
  const deliverBatch = createDeliverBatch({
    client,
    gate,
    standing,
    refusals: createRefusals(standing, clock),
    holding,
    clock,
    random,
    requestLimit: createLimit(delivery.maxConcurrency),
    gzipLimit: createLimit(GZIPS_UNDER_WAY),
    heard: (verdict) => {
      if (verdict.kind === 'misconfigured') telemetry.misconfigured(verdict.status)
    },
    yielded: (batch) => batcher.takeBack(batch),
    shortfall: telemetry.shortfall,
    suspected: telemetry.suspected,
  })
  const lateReason = (): RetryReason => (gate.barred() ? 'misconfigured' : 'deadline')
  const batcher = createBatcher(
    { ...batch, ...delivery },
    { clock, deliverBatch, lateReason, permitWanted: gate.yieldPermit },
  )
  return { batcher, gate, standing, review, drain, close: client.close }

  function review(): void {
    batcher.review()
    gate.review()
  }

  function drain(): void {
    batcher.drain()
    gate.drain()
    holding.drain()
  }
}

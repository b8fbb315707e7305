import { type Batcher, createBatcher } from '../batch/batcher.ts'
import { createLinger } from '../batch/linger.ts'
import type { Config } from '../config/load-config.ts'
import { createDeliverBatch } from '../deliver/deliver-batch.ts'
import { createGate, type Gate } from '../deliver/gate.ts'
import { createHolding } from '../deliver/holding.ts'
import { createMixpanelClient } from '../deliver/mixpanel-client.ts'
import { createRefusals } from '../deliver/refusals.ts'
import { createTrust, type Trust } from '../deliver/trust.ts'
import type { Clock } from '../lib/clock.ts'
import { createLimit } from '../lib/semaphore.ts'
import type { RetryReason } from '../model/outcome.ts'
import type { Telemetry } from '../model/telemetry.ts'
import { USER_AGENT } from '../version.ts'
import type { DeliveryTraces } from './tracing/trace-delivery.ts'

/** The delivery of events to Mixpanel: the batches, the gate, and the client that sends them. */
export interface Delivery {
  readonly batcher: Batcher
  readonly gate: Gate
  readonly trust: Trust
  /** Looks at all waiting events again. It is called when deadlines have moved. */
  review(): void
  /** Stops all waiting for other events or for a better moment. */
  drain(): void
  close(): void
}

export interface DeliveryDeps {
  readonly clock: Clock
  /** Returns a number in [0, 1) for the jitter of the back-off. */
  readonly random: () => number
  readonly gate: Gate
  readonly telemetry: Pick<Telemetry, 'requestEnded' | 'misconfigured' | 'shortfall' | 'suspected'>
  /** The spans of batches and requests; absent while traces are off. */
  readonly traces?: DeliveryTraces | undefined
}

/** The back-off that Mixpanel documents: from 2 s, doubling to 60 s. */
const BACKOFF = { initialMs: 2_000, maxMs: 60_000 }
/**
 * The compressions at once. The thread pool has four threads, and the verification of tokens needs
 * one.
 */
const GZIPS_UNDER_WAY = 2

/** Builds the gate that decides when a batch is sent. */
export function createDeliveryGate(
  { delivery }: Pick<Config, 'delivery'>,
  deps: Pick<DeliveryDeps, 'clock' | 'random'>,
): Gate {
  return createGate({ ...BACKOFF, ...delivery }, deps)
}

/** Builds the batcher and the client, on both sides of the gate. */
export function createDelivery(config: Config, deps: DeliveryDeps): Delivery {
  const { mixpanel, batch, delivery } = config
  const { clock, random, gate, telemetry, traces } = deps
  const untraced = createMixpanelClient(
    { ...mixpanel, maxSockets: delivery.maxConcurrency, userAgent: USER_AGENT },
    { clock, requestEnded: telemetry.requestEnded },
  )
  const client = traces?.traceImports(untraced, mixpanel.baseUrl) ?? untraced
  const trust = createTrust()
  const holding = createHolding(clock)
  const deliverBatch = createDeliverBatch({
    client,
    gate,
    trust,
    refusals: createRefusals(trust, clock),
    holding,
    clock,
    random,
    gzipLimit: createLimit(GZIPS_UNDER_WAY),
    yielded: (batch) => batcher.takeBack(batch),
    misconfigured: telemetry.misconfigured,
    shortfall: telemetry.shortfall,
    suspected: telemetry.suspected,
  })
  const lateReason = (): RetryReason => (gate.isUnauthorized() ? 'misconfigured' : 'deadline')
  const linger = createLinger(batch.lingerMs)
  const batcher = createBatcher(
    { ...batch, ...delivery },
    {
      clock,
      linger,
      deliverBatch: traces?.traceBatches(deliverBatch) ?? deliverBatch,
      lateReason,
      slotWanted: gate.yieldSlot,
    },
  )
  return { batcher, gate, trust, review, drain, close: client.close }

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

import { getHeapStatistics } from 'node:v8'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Authenticator, createAuthenticator } from '../authenticate/authenticator.ts'
import type { Config } from '../config/load-config.ts'
import { buildApp } from '../http/app.ts'
import { connectionLimitsOf } from '../http/connection-limits.ts'
import { createFreezeWatch } from '../http/freeze-watch.ts'
import type { DegradedReason } from '../http/health-routes.ts'
import type { Lifecycle, PushRouteOptions } from '../http/push-route.ts'
import { createByteBudget } from '../lib/byte-budget.ts'
import { type Clock, nextTurn } from '../lib/clock.ts'
import { createAllRejected } from '../message/all-rejected.ts'
import { createLedger } from '../message/ledger.ts'
import { createLetterGuard } from '../message/letter-guard.ts'
import { createPipeline } from '../pipeline.ts'
import { createEventTotals } from '../telemetry/event-totals.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import type { State } from '../telemetry/state-lines.ts'
import { createTelemetry } from '../telemetry/telemetry.ts'
import type { Transform } from '../transform/transform.ts'
import { createDeadLetters } from './dead-letters.ts'
import { createDelivery, createDeliveryGate, type Delivery } from './delivery.ts'
import { PIPELINE, stagesOf } from './stages.ts'
import { createTraces, type Traces } from './tracing/create-traces.ts'
import type { Tracing } from './tracing/find-tracing.ts'

/** A service that is built and not started yet. */
export interface Service {
  readonly app: FastifyInstance
  readonly metrics: Metrics
  /**
   * Resolves when the service can accept pushes: it has asked for keys, and shown that dead letters
   * can be stored.
   */
  start(): Promise<void>
  /** Drains, closes the app, then all that it used. Resolves when nothing is left open. */
  close(): Promise<void>
}

export interface ServiceDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Returns a number in [0, 1) for the jitter of the back-off. */
  readonly random: () => number
  /** Returns the CPU time of the process so far. */
  readonly cpuMs: () => number
  /** The number of file descriptors that the process may have open at once. */
  readonly maxOpenFiles: number
  /** Returns the number of log lines that could not be written so far. */
  readonly logLinesDropped: () => number
  /** Returns the id of the Google Cloud project, once it is known. */
  readonly projectId: () => string | undefined
  /** The tracing SDK of the process; absent when none is registered. */
  readonly tracing?: Tracing | undefined
  /** The owner's mapping. Without one, a line is the event. */
  readonly transform: Transform | undefined
  /** The mean delay of the event loop past which pushes are refused; a second when absent. */
  readonly maxEventLoopDelayMs?: number
  /**
   * The time that the folder of the dead letters may take to answer at the start; 4 s when absent.
   */
  readonly maxProbeMs?: number
}

/**
 * The time of a drain. SIGTERM is followed by SIGKILL after ten seconds, and all pushes are
 * answered well before.
 */
const DRAIN_MS = 7_000
/** The time for the export of the last spans. With the drain, it ends before the process must. */
const FLUSH_MS = 500
const LEDGER_BYTES = 32 * 1024 * 1024
const PRESSURE_SAMPLE_MS = 1_000
/** The time for which a freeze excuses a late event loop: it spoils at most two samples. */
const FREEZE_MEMORY_MS = 2.5 * PRESSURE_SAMPLE_MS
const MAX_EVENT_LOOP_DELAY_MS = 1_000
const MAX_HEAP_SHARE = 0.9
/** The share of the byte budget in use from which the service reports that it is overloaded. */
const FULL_SHARE = 0.9

/** Builds the service. Each part is made after the parts that it needs. */
export function createService(config: Config, deps: ServiceDeps): Service {
  const { clock, log } = deps
  const { push } = config
  const lifecycle: { phase: Lifecycle['phase'] } = { phase: 'starting' }

  const eventTotals = createEventTotals()
  const budget = createByteBudget(push.maxBufferedBytes)
  const gate = createDeliveryGate(config, deps)
  const metrics = createMetrics({
    eventTotals,
    bufferedBytes: budget.held,
    rateLimit: gate.eventsPerSecond,
    logLinesDropped: deps.logLinesDropped,
  })
  const isOn = (state: State) => reasons().includes(state)
  const telemetry = createTelemetry({ ...deps, metrics, eventTotals, isOn })

  const authenticator = createAuthenticator(push.auth, {
    clock,
    keyFetchFailed: telemetry.keysNotFetched,
  })
  const traces = deps.tracing && createTraces(deps.tracing, clock)
  const delivery = createDelivery(config, { ...deps, gate, telemetry, traces })
  const { transform } = deps
  const redaction = transform?.redaction
  const untraced = createDeadLetters(config, { ...deps, telemetry, redaction })
  const deadLetters = traces?.traceLetters(untraced, config.deadLetter.kind) ?? untraced
  const allRejected = createAllRejected({
    clock,
    telemetry,
    rejectedRoute: deadLetters.rejectedRoute,
  })
  const letterGuard = createLetterGuard(allRejected)
  const settleMessage = createPipeline(
    stagesOf(config, {
      importEvents: delivery.batcher.add,
      deadLetters,
      letterGuard,
      transform,
      countRule: telemetry.ruleApplied,
    }),
    {
      ...PIPELINE,
      skipsSettled: config.insertId === 'message',
      keepsEvents: transform !== undefined,
    },
    nextTurn,
  )
  const ledger = createLedger(
    { ackDeadlineMs: push.ackDeadlineMs, maxRememberedBytes: LEDGER_BYTES },
    { clock, openMessage: budget.openMessage, settleMessage, review, telemetry },
  )
  budget.onShortage(ledger.makeWay)

  const freezeWatch = createFreezeWatch(clock, deps.cpuMs)
  const app = buildApp({
    log,
    telemetry,
    drain,
    connectionLimits: connectionLimitsOf(config, deps.maxOpenFiles),
    health: { takesPushes: () => lifecycle.phase === 'taking', reasons },
    push: {
      options: pushOptionsOf(push.ackDeadlineMs, deps),
      deps: {
        clock,
        budget,
        telemetry,
        authenticate: authenticator.authenticate,
        subscriptions: new Set(push.subscriptions),
        settle: traces?.tracePushes(ledger.settle) ?? ledger.settle,
        lifecycle,
        wasFrozen: () => freezeWatch.thawedWithin(FREEZE_MEMORY_MS),
      },
    },
  })

  return { app, metrics, start, close }

  async function start(): Promise<void> {
    await Promise.all([authenticator.start(), deadLetters.probe(), app.ready()])
    lifecycle.phase = 'taking'
  }

  /** Called when deadlines of messages have moved. */
  function review(): void {
    delivery.review()
    letterGuard.returnLate()
  }

  async function drain(): Promise<void> {
    lifecycle.phase = 'draining'
    const drained = ledger.drain(clock.monotonic() + DRAIN_MS)
    delivery.drain()
    letterGuard.drain()
    await drained
    if (traces) await flushTraces(traces)
  }

  /** Exports the spans before the process ends. The last pushes end their spans in this turn. */
  async function flushTraces({ flush }: Traces): Promise<void> {
    await nextTurn()
    const timeUp = Promise.withResolvers<void>()
    const cancel = clock.after(FLUSH_MS, timeUp.resolve)
    await Promise.race([flush(), timeUp.promise])
    cancel()
  }

  async function close(): Promise<void> {
    try {
      await app.close()
      authenticator.stop()
      freezeWatch.stop()
      delivery.close()
      await deadLetters.close()
    } finally {
      telemetry.close()
    }
  }

  function reasons(): readonly DegradedReason[] {
    const isFull = budget.held() > push.maxBufferedBytes * FULL_SHARE
    return degradedReasons({ delivery, authenticator, isFull, allRejected: allRejected.isOn() })
  }
}

/**
 * Returns the options of pushes. Every wait ends before the ack deadline: by a second, or by a
 * tenth of it.
 */
function pushOptionsOf(
  ackDeadlineMs: number,
  { maxEventLoopDelayMs = MAX_EVENT_LOOP_DELAY_MS }: Pick<ServiceDeps, 'maxEventLoopDelayMs'>,
): PushRouteOptions {
  return {
    answerWithinMs: ackDeadlineMs - Math.max(1_000, ackDeadlineMs / 10),
    maxEventLoopDelayMs,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * MAX_HEAP_SHARE,
    pressureSampleMs: PRESSURE_SAMPLE_MS,
  }
}

function degradedReasons(deps: {
  delivery: Delivery
  authenticator: Authenticator
  isFull: boolean
  allRejected: boolean
}): DegradedReason[] {
  const { trust, gate } = deps.delivery
  const reasons: DegradedReason[] = []
  if (gate.isUnauthorized()) reasons.push('misconfigured')
  if (trust.isSuspect()) reasons.push('suspect')
  if (deps.allRejected) reasons.push('all_rejected')
  if (!trust.isSuspect() && gate.isPaused()) reasons.push('throttled')
  if (deps.isFull) reasons.push('overloaded')
  if (!deps.authenticator.available()) reasons.push('no_keys')
  return reasons
}

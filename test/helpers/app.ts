import type { OutgoingHttpHeaders } from 'node:http'
import { it, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../src/http/app.ts'
import type { ConnectionLimits } from '../../src/http/connections.ts'
import type { PushRouteDeps, PushRouteOptions } from '../../src/http/push-route.ts'
import { createByteBudget } from '../../src/lib/byte-budget.ts'
import { TRUSTED } from '../../src/model/authentication.ts'
import { createEventTotals } from '../../src/telemetry/event-totals.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { createTelemetry } from '../../src/telemetry/telemetry.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { createTestLogger } from './log-lines.ts'
import { type BegunPush, beginPush, PROTOCOLS, type Protocol } from './protocols.ts'

const MIB = 1024 * 1024
/** A push of a message without data. */
export const SMALL_PUSH = '{"message":{"messageId":"1"}}'

/** The HTTP application over real HTTP, with nothing behind it: every message is acked. */
export interface AppScene {
  readonly app: FastifyInstance
  readonly url: string
  readonly clock: FakeClock
  /** Half of its 64 MiB is for bodies. */
  readonly budget: ReturnType<typeof createByteBudget>
  /** Every log line so far. */
  readonly log: readonly { readonly severity: string; readonly message: string }[]
  /** `pushes_refused_total`, by code. */
  refusals(): Promise<Record<string, number>>
  /** Begins a push, and sends its headers only. */
  begin(headers?: OutgoingHttpHeaders): BegunPush
  /** Pushes, and resolves with the status, and the code of a problem. */
  push(body?: string, headers?: OutgoingHttpHeaders): Promise<string>
}

export interface AppChanges {
  readonly deps?: Partial<PushRouteDeps>
  readonly options?: Partial<PushRouteOptions>
  readonly connectionLimits?: ConnectionLimits
  readonly drain?: () => Promise<void>
  /** The protocol of the pushes; HTTP/1 when absent. */
  readonly protocol?: Protocol
}

/** Declares a test once for each protocol. Its app is pushed to over that protocol. */
export function overBoth(
  what: string,
  test: (t: TestContext, start: typeof startApp) => Promise<void>,
): void {
  for (const protocol of PROTOCOLS) {
    it(`${what}, over ${protocol}`, (t) =>
      test(t, (context, changes) => startApp(context, { ...changes, protocol })))
  }
}

/** Starts an app that takes every push; it ends with the test. */
export async function startApp(t: TestContext, changes: AppChanges = {}): Promise<AppScene> {
  const clock = createFakeClock()
  const budget = createByteBudget(64 * MIB)
  const eventTotals = createEventTotals()
  const metrics = createMetrics({
    eventTotals,
    bufferedBytes: budget.held,
    rateLimit: () => 0,
    logLinesDropped: () => 0,
  })
  const lines: AppScene['log'][number][] = []
  const log = createTestLogger('trace', (line) => lines.push(JSON.parse(line)))
  const telemetry = createTelemetry({
    log,
    metrics,
    eventTotals,
    clock,
    isOn: () => false,
    projectId: () => undefined,
  })
  const app = buildApp({
    log,
    telemetry,
    connectionLimits: changes.connectionLimits ?? { max: 1_000 },
    drain: changes.drain ?? (async () => {}),
    health: { takesPushes: () => true, reasons: () => [] },
    push: {
      options: {
        answerWithinMs: 9_000,
        maxEventLoopDelayMs: Number.POSITIVE_INFINITY,
        maxHeapUsedBytes: Number.POSITIVE_INFINITY,
        pressureSampleMs: 1_000,
        ...changes.options,
      },
      deps: {
        clock,
        budget,
        telemetry,
        authenticate: () => TRUSTED,
        subscriptions: new Set(),
        settle: async () => ({ kind: 'ack', reason: 'empty', status: 204 }),
        lifecycle: { phase: 'taking' },
        wasFrozen: () => false,
        ...changes.deps,
      },
    },
  })
  t.after(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, url, clock, budget, log: lines, refusals, begin, push }

  async function refusals(): Promise<Record<string, number>> {
    const samples = (await metrics.text()).matchAll(/pushes_refused_total\{code="(\w+)"\} (\d+)/g)
    return Object.fromEntries([...samples].map(([, code, count]) => [code, Number(count)]))
  }

  function begin(headers: OutgoingHttpHeaders = {}): BegunPush {
    const push = beginPush(changes.protocol ?? 'HTTP/1', url, headers)
    t.after(() => push.destroy())
    return push
  }

  async function push(body = SMALL_PUSH, headers: OutgoingHttpHeaders = {}): Promise<string> {
    const push = begin({ 'content-length': Buffer.byteLength(body), ...headers })
    push.end(body)
    return answerTo(push)
  }
}

/** The status of the answer to a push that has begun, and the code of a problem. */
export function answerTo(push: BegunPush): Promise<string> {
  return push.answer()
}

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { backoffMs } from '../../../src/deliver/backoff.ts'
import { createGate, type Gate } from '../../../src/deliver/gate.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { createSeededRandom, createVirtualTime } from '../../helpers/virtual-time.ts'

/** A simulation of instances with an endless backlog that share a quota. Plain data. */
export interface Scenario {
  readonly quota: Readonly<{ kind: 'rolling_minute' | 'seconds_bucket'; eventsPerSecond: number }>
  readonly instances: number
  readonly eventsPerBatch: number
  readonly minutes: number
  /** The bound of each instance; by default as ours, 30,000. */
  readonly maxEventsPerSecond?: number
  /** The changes on the way, by the second. */
  readonly changes?: Readonly<Record<number, Change>>
}

type Change = Readonly<
  { kind: 'join' } | { kind: 'leave' } | { kind: 'quota'; eventsPerSecond: number }
>

/** `naive`: a fixed rate, and each batch backs off for itself. */
export type GateKind = 'adaptive' | 'naive'

interface Quota {
  /** Whether that many events are within it now; if so, they are counted. */
  admits(events: number, now: number): boolean
  eventsPerSecond(): number
  changeTo(eventsPerSecond: number): void
}

/** One second of a simulation. */
export interface Second {
  readonly quota: number
  readonly imported: number
  readonly taken: number
  readonly refused: number
}

type SimulatedGate = Pick<Gate, 'pass' | 'passAgain' | 'ended'>
type CreateGate = (maxEventsPerSecond: number, deps: Parts) => SimulatedGate

interface Parts {
  readonly clock: Clock
  readonly random: () => number
}

const BACKOFF = { initialMs: 2_000, maxMs: 60_000 }
const CONCURRENCY = 16
/** An ack deadline of 60 s, less the share that is kept for other work. */
const DELIVER_WITHIN_MS = 53_000
const REDELIVERY_MS = 100
const LATENCY_MS = { least: 50, most: 200 }

/**
 * Plays a scenario on a thread of its own: the test runner watches every promise of its thread,
 * which would take four times as long.
 */
export async function simulateApart(scenario: Scenario, kind: GateKind): Promise<Second[]> {
  const url = new URL('./rate-simulation-worker.ts', import.meta.url)
  const [seconds] = await once(new Worker(url, { workerData: { scenario, kind } }), 'message')
  return seconds
}

/** Plays a scenario with one gate for each instance; the same scenario always goes the same way. */
export async function simulate(scenario: Scenario, kind: GateKind): Promise<Second[]> {
  const { eventsPerBatch, maxEventsPerSecond = 30_000 } = scenario
  const quota = QUOTAS[scenario.quota.kind](scenario.quota.eventsPerSecond)
  const create = kind === 'adaptive' ? createAdaptiveGate : createNaiveGate
  const clock = createVirtualTime()
  const random = createSeededRandom(1)
  const instances: { leaves: boolean }[] = []
  const seconds: Second[] = []
  let second = { imported: 0, taken: 0, refused: 0 }

  for (let index = 0; index < scenario.instances; index += 1) join()
  for (let at = 0; at < scenario.minutes * 60; at += 1) {
    const change = scenario.changes?.[at]
    if (change) make(change)
    await clock.runTo((at + 1) * 1000)
    seconds.push({ ...second, quota: quota.eventsPerSecond() })
    second = { imported: 0, taken: 0, refused: 0 }
  }
  return seconds

  function make(change: Change): void {
    if (change.kind === 'join') join()
    if (change.kind === 'leave') leave()
    if (change.kind === 'quota') quota.changeTo(change.eventsPerSecond)
  }

  function join(): void {
    const instance = { leaves: false }
    instances.push(instance)
    const gate = create(maxEventsPerSecond, { clock, random })
    for (let slot = 0; slot < CONCURRENCY; slot += 1) void deliver(gate, instance)
  }

  function leave(): void {
    const instance = instances.pop()
    if (instance) instance.leaves = true
  }

  async function deliver(gate: SimulatedGate, instance: { leaves: boolean }): Promise<void> {
    while (!instance.leaves) {
      const deadline = clock.monotonic() + DELIVER_WITHIN_MS
      await deliverBatch(gate, () => deadline)
    }
  }

  async function deliverBatch(gate: SimulatedGate, until: () => number): Promise<void> {
    let answer = await gate.pass(eventsPerBatch, until)
    for (let attempt = 1; answer.kind === 'permit'; attempt += 1) {
      const taken = await request()
      if (taken) return gate.ended(answer, { kind: 'taken', events: eventsPerBatch })
      gate.ended(answer, { kind: 'throttled', retryAfter: undefined })
      answer = await gate.passAgain(eventsPerBatch, { attempt, retryAfter: undefined }, until)
    }
    await clock.sleep(REDELIVERY_MS)
  }

  /** Mixpanel decides half-way. */
  async function request(): Promise<boolean> {
    const { least, most } = LATENCY_MS
    const latencyMs = least + random() * (most - least)
    await clock.sleep(latencyMs / 2)
    const taken = quota.admits(eventsPerBatch, clock.monotonic())
    if (taken) second.imported += eventsPerBatch
    second[taken ? 'taken' : 'refused'] += 1
    await clock.sleep(latencyMs / 2)
    return taken
  }
}

const createAdaptiveGate: CreateGate = (maxEventsPerSecond, deps) =>
  createGate({ ...BACKOFF, maxEventsPerSecond, maxConcurrency: CONCURRENCY }, deps)

const createNaiveGate: CreateGate = (maxEventsPerSecond, { clock, random }) => {
  let usedUntil = clock.monotonic() - 1000
  return { pass, passAgain, ended: () => {} }

  async function pass(...[events, until]: Parameters<Gate['pass']>): ReturnType<Gate['pass']> {
    const now = clock.monotonic()
    usedUntil = Math.max(usedUntil, now - 1000)
    const at = Math.max(usedUntil, now)
    if (at >= until()) return { kind: 'give_back', reason: 'throttled' }
    usedUntil += (events / maxEventsPerSecond) * 1000
    if (at > now) await new Promise<void>((resolve) => clock.after(at - now, resolve))
    return { kind: 'permit', at }
  }

  async function passAgain(
    ...[events, { attempt }, until]: Parameters<Gate['passAgain']>
  ): ReturnType<Gate['passAgain']> {
    const ms = backoffMs(attempt, BACKOFF, random())
    if (clock.monotonic() + ms >= until()) return { kind: 'give_back', reason: 'throttled' }
    await new Promise<void>((resolve) => clock.after(ms, resolve))
    return pass(events, until)
  }
}

/** The quota of Mixpanel: it counts the events that were imported in the last 60 s. */
function rollingMinuteQuota(eventsPerSecond: number): Quota {
  let perSecond = eventsPerSecond
  let imports: { at: number; events: number }[] = []
  let first = 0
  let counted = 0
  return { admits, eventsPerSecond: () => perSecond, changeTo }

  function changeTo(to: number): void {
    perSecond = to
  }

  function admits(events: number, now: number): boolean {
    forget(now - 60_000)
    if (counted + events > perSecond * 60) return false
    counted += events
    imports.push({ at: now, events })
    return true
  }

  function forget(upTo: number): void {
    for (let next = imports[first]; next && next.at <= upTo; next = imports[first]) {
      counted -= next.events
      first += 1
    }
    if (first < 10_000) return
    imports = imports.slice(first)
    first = 0
  }
}

/** A token bucket that holds one second's worth. */
function secondsBucketQuota(eventsPerSecond: number): Quota {
  let perSecond = eventsPerSecond
  let tokens = perSecond
  let filledAt = 0
  return { admits, eventsPerSecond: () => perSecond, changeTo }

  function changeTo(to: number): void {
    perSecond = to
  }

  function admits(events: number, now: number): boolean {
    tokens = Math.min(perSecond, tokens + ((now - filledAt) / 1000) * perSecond)
    filledAt = now
    if (tokens < events) return false
    tokens -= events
    return true
  }
}

const QUOTAS = { rolling_minute: rollingMinuteQuota, seconds_bucket: secondsBucketQuota }

/** The share of the quota that was imported, and of the requests that were refused, in percent. */
export function summaryOf(seconds: readonly Second[]): { imported: number; refused: number } {
  const sum = (key: keyof Second): number =>
    seconds.reduce((total, second) => total + second[key], 0)
  return {
    imported: (100 * sum('imported')) / sum('quota'),
    refused: (100 * sum('refused')) / (sum('taken') + sum('refused')),
  }
}

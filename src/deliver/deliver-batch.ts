import type { Clock } from '../lib/clock.ts'
import type { Limit } from '../lib/semaphore.ts'
import { IMPORTED, type Rejected, type RetryReason, retry } from '../model/outcome.ts'
import type { PendingEvent } from '../model/pending-event.ts'
import { createIsAccessRefused } from './access.ts'
import { type AttemptsDeps, createAttempts, TRANSIENT_BY_TEXT } from './attempts.ts'
import { createBisect, type Delivered } from './bisect.ts'
import type { Gate } from './gate.ts'
import type { GateAnswer } from './gate-answer.ts'
import type { Holding } from './holding.ts'
import { type BodyForm, importBodyOf } from './import-body.ts'
import type { MixpanelClient } from './mixpanel-client.ts'
import type { Refusals } from './refusals.ts'
import { latestDeliverBy, latestGoesOnUntil, settleEach, settleEvents } from './settle-events.ts'
import { isSomeImported, type RecordedVerdict, type Trust } from './trust.ts'
import type { Refusal } from './unnamed-refusal.ts'

export interface DeliverDeps extends Pick<AttemptsDeps, 'misconfigured'> {
  readonly client: Pick<MixpanelClient, 'send'>
  readonly gate: Gate
  readonly trust: Trust
  /** The refusals that earlier deliveries of the same messages met. */
  readonly refusals: Refusals
  readonly holding: Holding
  readonly clock: Clock
  /** The limit on compressions under way. */
  readonly gzipLimit: Limit
  /** Called with a batch that gave its slot to another, and waits for one again. */
  readonly yielded: (batch: readonly PendingEvent[]) => void
  /** Returns a number in [0, 1): it decides which half of a refused batch is sent first. */
  readonly random: () => number
  /** Called with the number of events that Mixpanel has twice left out of its count of a batch. */
  readonly shortfall: (events: number) => void
  /** Called with the number of events that were refused without a name and not rejected. */
  readonly suspected: (events: number) => void
}

/** The end of the delivery of a batch, or of its wait for the gate. */
type End = RecordedVerdict | GiveBack | Yield
type Yield = Extract<GateAnswer, { kind: 'yield' }>
type GiveBack = Extract<GateAnswer, { kind: 'give_back' }>

/**
 * Makes a `DeliverBatch`. It sends a batch until the verdict is final or the time of all its events
 * is up, and reports each event's outcome to its sink. A batch that is sent again is the same byte
 * for byte.
 */
export function createDeliverBatch(
  deps: DeliverDeps,
): (batch: readonly PendingEvent[]) => Promise<void> {
  const { client, clock, gate, trust, refusals, holding, gzipLimit } = deps
  const isAccessRefused = createIsAccessRefused(deps)
  const bisect = createBisect({
    ...deps,
    isAccessRefused,
    deliver: (batch) => deliver(batch, 'compressed'),
  })

  return async function deliverBatch(batch) {
    const end = await deliver(batch, 'compressed')
    if (end.kind === 'refused') await bisect(end)
  }

  /** Sends a batch until it is refused and no event is named, or nothing is left to do for it. */
  async function deliver(batch: readonly PendingEvent[], form: BodyForm): Promise<Delivered> {
    const startedAt = clock.monotonic()
    const end = await send(batch, form)
    switch (end.kind) {
      case 'imported':
        settleEvents(batch, IMPORTED)
        return IMPORTED_SOME
      case 'settled':
        settleEach(batch, end.outcomes)
        return isSomeImported(end.outcomes) ? IMPORTED_SOME : IMPORTED_NONE
      case 'listed':
        return deliverUnlisted(batch, end.rejected)
      case 'shortfall':
        return settleShortfall(batch, form, end.imported, startedAt)
      case 'refused':
        return settleRefusal(batch, form, end, startedAt)
      case 'misconfigured':
        return giveBack(batch, 'misconfigured')
      case 'retry':
        return giveBack(batch, end.reason)
      case 'give_back':
        return giveBack(batch, whyClosed(end.reason))
      case 'yield':
        deps.yielded(batch)
        return IMPORTED_NONE
    }
  }

  /**
   * Settles a refused batch. A single event is sent twice before it counts as at fault, the second
   * time without compression: when a proxy loses the header, no compressed body can be read.
   */
  async function settleRefusal(
    batch: readonly PendingEvent[],
    form: BodyForm,
    refusal: Refusal,
    startedAt: number,
  ): Promise<Delivered> {
    // A probe that is refused like the others waits for the next probe.
    if (refusal.hint === 'access' && gate.isUnauthorized()) return deliver(batch, form)
    const refused = { kind: 'refused', batch, refusal } as const
    if (batch.length > 1 || refusal.certain || form === 'plain') return refused
    const again = await deliver(batch, 'plain')
    if (again.kind !== 'refused') return again
    if (!isAccessRefused(batch, [refusal, again.refusal], startedAt)) return again
    return deliver(batch, 'compressed')
  }

  async function send(batch: readonly PendingEvent[], form: BodyForm): Promise<End> {
    let pending = batch
    const until = (): number => latestDeliverBy(pending)
    const goesOnUntil = (): number => latestGoesOnUntil(pending)
    const permit = await gate.pass(batch.length, until, goesOnUntil)
    if (permit.kind !== 'permit') return permit

    const sent = batch.map(({ prepared }) => prepared)
    const isAboutEvents = (): boolean => refusals.isAboutEvents(pending)
    const request = { events: batch.length, sent, isAboutEvents, until, goesOnUntil }
    const attempts = createAttempts(deps, request, permit)
    try {
      await client.send(await importBodyOf(batch, gzipLimit, form), attempts)
    } finally {
      if (attempts.isUnderWay) attempts.abandon()
      // A socket that is kept alive holds its last request, and all that the request refers to.
      pending = []
      sent.length = 0
    }
    if (attempts.verdict === TRANSIENT_BY_TEXT) refusals.noteText(batch)
    return attempts.verdict
  }

  /**
   * Returns the reason for which events go back when the gate is closed, which the gate does not
   * know.
   */
  function whyClosed(reason: GiveBack['reason']): RetryReason {
    return reason === 'throttled' && trust.isSuspect() ? 'suspect' : reason
  }

  function giveBack(batch: readonly PendingEvent[], reason: RetryReason): Delivered {
    if (reason === 'suspect') holding.hold(batch)
    else settleEvents(batch, retry(reason))
    return IMPORTED_NONE
  }

  /**
   * Settles the events that the answer names. It says nothing of the others, so they are sent
   * again.
   */
  async function deliverUnlisted(
    batch: readonly PendingEvent[],
    listed: ReadonlyMap<number, Rejected>,
  ): Promise<Delivered> {
    for (const [place, outcome] of listed) {
      const event = batch[place]
      if (event) settleEvents([event], outcome)
    }
    const others = batch.filter((_, place) => !listed.has(place))
    return others.length === 0 ? IMPORTED_NONE : deliver(others, 'compressed')
  }

  /**
   * Settles a batch of which Mixpanel counts fewer events. Some missing events mean a filter of the
   * owner's, in Mixpanel. None imported, twice, is as good as a refusal.
   */
  async function settleShortfall(
    batch: readonly PendingEvent[],
    form: BodyForm,
    imported: number,
    startedAt: number,
  ): Promise<Delivered> {
    if (imported === 0) return settleRefusal(batch, form, NONE_IMPORTED, startedAt)
    deps.shortfall(batch.length - imported)
    settleEvents(batch, IMPORTED)
    return IMPORTED_SOME
  }
}

const IMPORTED_SOME: Delivered = { kind: 'handled', imported: true }
const IMPORTED_NONE: Delivered = { kind: 'handled', imported: false }

const NONE_IMPORTED: Refusal = {
  kind: 'refused',
  reason: 'refused_by_mixpanel',
  detail: '200, 0 imported',
  certain: false,
}

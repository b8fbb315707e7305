import type { Clock } from '../lib/clock.ts'
import type { Limit } from '../lib/semaphore.ts'
import type { Traveller } from '../model/journey.ts'
import { IMPORTED, type Rejected, type RetryReason, retry } from '../model/outcome.ts'
import { createIsAccessRefused } from './access.ts'
import type { Gate, Passage } from './gate.ts'
import type { Holding } from './holding.ts'
import { type BodyForm, importBodyOf } from './import-body.ts'
import type { MixpanelClient } from './mixpanel-client.ts'
import type { Refusals } from './refusals.ts'
import { createSplit, type Delivered } from './split.ts'
import { importsSomething, type Judged, type Standing } from './standing.ts'
import { latestDeliverBy, latestGoesOnUntil, tellAll, tellEach } from './tell.ts'
import { createTrial, type TrialParts } from './trial.ts'
import type { Refusal } from './verdict.ts'

export interface DeliverParts extends Pick<TrialParts, 'heard'> {
  readonly client: Pick<MixpanelClient, 'send'>
  readonly gate: Gate
  readonly standing: Standing
  /** What earlier deliveries of the same messages met. */
  readonly refusals: Refusals
  readonly holding: Holding
  readonly clock: Clock
  /** Caps the requests under way: the parts of a batch that is split are sent at once. */
  readonly requestLimit: Limit
  /** Caps the gzips under way. */
  readonly gzipLimit: Limit
  /** Told of a batch that gave its permit to another, and waits for one again. */
  readonly yielded: (batch: readonly Traveller[]) => void
  /** In [0, 1): which half of a refused batch is looked into first. */
  readonly random: () => number
  /** Told how many events of a batch Mixpanel has left out of its count, twice. */
  readonly shortfall: (events: number) => void
  /** Told how many events were refused without a name, and not rejected for it. */
  readonly suspected: (events: number) => void
}

/** How the journey of a batch came to its end, or the part of it before the gate. */
type End = Judged | GiveBack | Yield
type Yield = Extract<Passage, { kind: 'yield' }>
type GiveBack = Extract<Passage, { kind: 'give_back' }>

/**
 * Sends a batch to Mixpanel until the verdict is final or the time of all its travellers is up,
 * and tells each traveller's party its outcome. What is sent again is sent byte for byte the same.
 */
export function createDeliverBatch(
  parts: DeliverParts,
): (batch: readonly Traveller[]) => Promise<void> {
  const { client, clock, gate, standing, refusals, holding, requestLimit, gzipLimit } = parts
  const isAccessRefused = createIsAccessRefused(parts)
  const split = createSplit({
    ...parts,
    isAccessRefused,
    deliver: (batch) => deliver(batch, 'compressed'),
  })

  return async function deliverBatch(batch) {
    const end = await deliver(batch, 'compressed')
    if (end.kind === 'refused') await split(end)
  }

  /** Tells all travellers their outcomes, unless the batch is refused and nobody named. */
  async function deliver(batch: readonly Traveller[], form: BodyForm): Promise<Delivered> {
    const startedAt = clock.monotonic()
    const end = await requestLimit(
      () => send(batch, form),
      () => clock.monotonic() >= latestDeliverBy(batch),
    )
    switch (end.kind) {
      case 'imported':
        tellAll(batch, IMPORTED)
        return IMPORTED_SOME
      case 'settled':
        tellEach(batch, end.outcomes)
        return importsSomething(end) ? IMPORTED_SOME : IMPORTED_NONE
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
        parts.yielded(batch)
        return IMPORTED_NONE
    }
  }

  /**
   * An event is asked for twice before it is held to be at fault, and not compressed then: a proxy
   * that loses the header makes of every gzip a body that cannot be read.
   */
  async function settleRefusal(
    batch: readonly Traveller[],
    form: BodyForm,
    refusal: Refusal,
    startedAt: number,
  ): Promise<Delivered> {
    // A probe that is refused as the others were waits for the next.
    if (refusal.hint === 'access' && gate.barred()) return deliver(batch, form)
    const refused = { kind: 'refused', batch, refusal } as const
    if (batch.length > 1 || refusal.certain || form === 'plain') return refused
    const again = await deliver(batch, 'plain')
    if (again.kind !== 'refused') return again
    if (!isAccessRefused(batch, [refusal, again.refusal], startedAt)) return again
    return deliver(batch, 'compressed')
  }

  async function send(batch: readonly Traveller[], form: BodyForm): Promise<End> {
    let travellers = batch
    const until = (): number => latestDeliverBy(travellers)
    const goesOnUntil = (): number => latestGoesOnUntil(travellers)
    const passage = await gate.pass(batch.length, until, goesOnUntil)
    if (passage.kind !== 'open') return passage

    const sent = batch.map(({ event }) => event)
    const isOfItsOwn = (): boolean => refusals.isOfItsOwn(travellers)
    const charge = { events: batch.length, sent: () => sent, isOfItsOwn, until, goesOnUntil }
    const trial = createTrial(parts, charge, passage)
    try {
      await client.send(await importBodyOf(batch, gzipLimit, form), trial.policy)
    } finally {
      trial.end()
      // A socket that is kept alive holds on to its last request, and so to all within its reach.
      travellers = []
      sent.length = 0
    }
    if (trial.isTransientByText()) refusals.noteText(batch)
    return trial.verdict()
  }

  /** The gate does not know why Mixpanel is left alone. */
  function whyClosed(reason: GiveBack['reason']): RetryReason {
    return reason === 'throttled' && standing.isSuspect() ? 'suspect' : reason
  }

  function giveBack(batch: readonly Traveller[], reason: RetryReason): Delivered {
    if (reason === 'suspect') holding.hold(batch)
    else tellAll(batch, retry(reason))
    return IMPORTED_NONE
  }

  /** Those that the answer names are done with; of the others it says nothing, so they go again. */
  async function deliverUnlisted(
    batch: readonly Traveller[],
    listed: ReadonlyMap<number, Rejected>,
  ): Promise<Delivered> {
    for (const [place, outcome] of listed) {
      const traveller = batch[place]
      if (traveller) tellAll([traveller], outcome)
    }
    const others = batch.filter((_, place) => !listed.has(place))
    return others.length === 0 ? IMPORTED_NONE : deliver(others, 'compressed')
  }

  /** Some: a filter of the owner's, in Mixpanel. None at all, twice: as good as a refusal. */
  async function settleShortfall(
    batch: readonly Traveller[],
    form: BodyForm,
    imported: number,
    startedAt: number,
  ): Promise<Delivered> {
    if (imported === 0) return settleRefusal(batch, form, NONE_IMPORTED, startedAt)
    parts.shortfall(batch.length - imported)
    tellAll(batch, IMPORTED)
    return IMPORTED_SOME
  }
}

const IMPORTED_SOME: Delivered = { kind: 'told', imported: true }
const IMPORTED_NONE: Delivered = { kind: 'told', imported: false }

const NONE_IMPORTED: Refusal = {
  kind: 'refused',
  reason: 'refused_by_mixpanel',
  detail: '200, 0 imported',
  certain: false,
}

import type { Clock } from '../lib/clock.ts'
import type { Limit } from '../lib/semaphore.ts'
import type { Traveller } from '../model/journey.ts'
import { IMPORTED, type Rejected, type RetryReason, retry } from '../model/outcome.ts'
import type { Gate, Passage } from './gate.ts'
import { type BodyForm, importBodyOf } from './import-body.ts'
import type { MixpanelClient } from './mixpanel-client.ts'
import { createSplit, type RefusedBatch } from './split.ts'
import type { Judged, Standing } from './standing.ts'
import { latestDeliverBy, latestGoesOnUntil, tellAll, tellEach } from './tell.ts'
import { createTrial, type TrialParts } from './trial.ts'
import type { Refusal } from './verdict.ts'

export interface DeliverParts extends Pick<TrialParts, 'heard'> {
  readonly client: Pick<MixpanelClient, 'send'>
  readonly gate: Gate
  readonly standing: Standing
  readonly clock: Clock
  /** Caps the requests under way: the parts of a batch that is split are sent at once. */
  readonly requestLimit: Limit
  /** Caps the gzips under way. */
  readonly gzipLimit: Limit
  /** In [0, 1): which half of a refused batch is looked into first. */
  readonly random: () => number
  /** Told how many events of a batch Mixpanel has left out of its count, twice. */
  readonly shortfall: (events: number) => void
  /** Told when batches are refused whole and nothing is imported meanwhile. */
  readonly suspected: (events: number) => void
}

/** How the journey of a batch came to its end, or the part of it before the gate. */
type End = Judged | GiveBack
type GiveBack = Extract<Passage, { kind: 'give_back' }>

/**
 * Sends a batch to Mixpanel until the verdict is final or the time of all its travellers is up,
 * and tells each traveller's party its outcome. What is sent again is sent byte for byte the same.
 */
export function createDeliverBatch(
  parts: DeliverParts,
): (batch: readonly Traveller[]) => Promise<void> {
  const { client, clock, gate, standing, requestLimit, gzipLimit } = parts
  const split = createSplit({ ...parts, deliver: (batch) => deliver(batch, 'compressed') })

  return async function deliverBatch(batch) {
    const refused = await deliver(batch, 'compressed')
    if (refused) await split(refused)
  }

  /** Tells all travellers their outcomes, unless the batch is refused and nobody named. */
  async function deliver(
    batch: readonly Traveller[],
    form: BodyForm,
  ): Promise<RefusedBatch | undefined> {
    const end = await requestLimit(
      () => send(batch, form),
      () => clock.monotonic() >= latestDeliverBy(batch),
    )
    switch (end.kind) {
      case 'imported':
        return tellAll(batch, IMPORTED)
      case 'settled':
        return tellEach(batch, end.outcomes)
      case 'listed':
        return deliverUnlisted(batch, end.rejected)
      case 'shortfall':
        return settleShortfall(batch, end.imported)
      case 'refused':
        // An event is asked for twice before it is held to be at fault, and not compressed then:
        // a proxy that loses the header makes of every gzip a body that cannot be read.
        if (batch.length === 1 && !end.certain && form !== 'plain') return deliver(batch, 'plain')
        return { batch, refusal: end }
      case 'misconfigured':
        return tellAll(batch, retry('misconfigured'))
      case 'retry':
        return tellAll(batch, retry(end.reason))
      case 'give_back':
        return tellAll(batch, retry(whyClosed(end.reason)))
    }
  }

  async function send(batch: readonly Traveller[], form: BodyForm): Promise<End> {
    let travellers = batch
    const until = (): number => latestDeliverBy(travellers)
    const goesOnUntil = (): number => latestGoesOnUntil(travellers)
    const passage = await gate.pass(batch.length, until, goesOnUntil)
    if (passage.kind === 'give_back') return passage

    const sent = batch.map(({ event }) => event)
    const charge = { events: batch.length, sent: () => sent, until, goesOnUntil }
    const trial = createTrial(parts, charge, passage)
    try {
      await client.send(await importBodyOf(batch, gzipLimit, form), trial.policy)
    } finally {
      trial.end()
      // A socket that is kept alive holds on to its last request, and so to all within its reach.
      travellers = []
      sent.length = 0
    }
    return trial.verdict()
  }

  /** The gate does not know why Mixpanel is left alone. */
  function whyClosed(reason: GiveBack['reason']): RetryReason {
    return reason === 'throttled' && standing.isSuspect() ? 'suspect' : reason
  }

  /** Those that the answer names are done with; of the others it says nothing, so they go again. */
  function deliverUnlisted(
    batch: readonly Traveller[],
    listed: ReadonlyMap<number, Rejected>,
  ): Promise<RefusedBatch | undefined> | undefined {
    for (const [place, outcome] of listed) {
      const traveller = batch[place]
      if (traveller) tellAll([traveller], outcome)
    }
    const others = batch.filter((_, place) => !listed.has(place))
    return others.length === 0 ? undefined : deliver(others, 'compressed')
  }

  /** Some: a filter of the owner's, in Mixpanel. None at all, twice: as good as a refusal. */
  function settleShortfall(
    batch: readonly Traveller[],
    imported: number,
  ): RefusedBatch | undefined {
    if (imported === 0) return { batch, refusal: NONE_IMPORTED }
    parts.shortfall(batch.length - imported)
    return tellAll(batch, IMPORTED)
  }
}

const NONE_IMPORTED: Refusal = {
  kind: 'refused',
  blames: 'every_event',
  reason: 'refused_by_mixpanel',
  detail: '200, 0 imported',
  certain: false,
}

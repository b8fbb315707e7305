import type { Limit } from '../lib/semaphore.ts'
import type { Traveller } from '../model/journey.ts'
import { type EventOutcome, IMPORTED, rejected, retry } from '../model/outcome.ts'
import type { ImportAnswer } from './answer.ts'
import type { Gate } from './gate.ts'
import { importBodyOf } from './import-body.ts'
import type { AttemptPolicy, MixpanelClient } from './mixpanel-client.ts'
import { type Verdict, verdictOn } from './verdict.ts'

export interface DeliverParts {
  readonly client: Pick<MixpanelClient, 'send'>
  readonly gate: Gate
  /** Caps the gzips under way. */
  readonly gzipLimit: Limit
  /** Told the verdict on every answer, as it comes. */
  readonly heard: (verdict: Verdict) => void
}

/**
 * Sends a batch to Mixpanel until the verdict is final or the time of all its travellers is up,
 * and tells each traveller's party its outcome. What is sent again is sent byte for byte the same.
 */
export function createDeliverBatch(
  parts: DeliverParts,
): (batch: readonly Traveller[]) => Promise<void> {
  const { client, gate, gzipLimit, heard } = parts

  return deliverBatch

  async function deliverBatch(batch: readonly Traveller[]): Promise<void> {
    let travellers = batch
    const until = (): number => latestDeliverBy(travellers)
    const passage = await gate.pass(batch.length, until)
    if (passage !== 'open') return tellAll(batch, retry(passage))

    const trial = createTrial(batch.length, until)
    await client.send(await importBodyOf(batch, gzipLimit), trial.policy)
    // A socket that is kept alive holds on to its last request, and so to all that is within reach.
    travellers = []
    await settle(batch, trial.verdict())
  }

  /** The attempts at one body, and the verdict on the last of them. */
  function createTrial(
    events: number,
    until: () => number,
  ): { policy: AttemptPolicy; verdict: () => Verdict } {
    let verdict: Verdict = { kind: 'retry', reason: 'unknown_answer' }

    return { policy: { events, retryable, waitTurn }, verdict: () => verdict }

    function retryable(answer: ImportAnswer): boolean {
      verdict = verdictOn(answer, events)
      heard(verdict)
      return verdict.kind === 'retry'
    }

    async function waitTurn(attempt: number): Promise<boolean> {
      if (verdict.kind !== 'retry') return false
      const { reason, retryAfter } = verdict
      const failed = { attempt, retryAfter }
      if (reason === 'throttled' || retryAfter !== undefined) gate.closeFor(failed)
      return (await gate.passAgain(events, failed, until)) === 'open'
    }
  }

  async function settle(batch: readonly Traveller[], verdict: Verdict): Promise<void> {
    switch (verdict.kind) {
      case 'imported':
        return tellAll(batch, IMPORTED)
      case 'settled':
        return tellEach(batch, verdict.outcomes)
      case 'retry':
        return tellAll(batch, retry(verdict.reason))
      case 'misconfigured':
        return tellAll(batch, retry('misconfigured'))
      case 'split':
        return split(batch)
    }
  }

  /** One half after the other: together they travel on one batch's permit. */
  async function split(batch: readonly Traveller[]): Promise<void> {
    if (batch.length === 1) return tellAll(batch, TOO_LARGE_ALONE)
    if (gate.draining()) return tellAll(batch, retry('draining'))
    const middle = Math.ceil(batch.length / 2)
    await deliverBatch(batch.slice(0, middle))
    await deliverBatch(batch.slice(middle))
  }
}

const TOO_LARGE_ALONE = rejected(
  'too_large',
  'Mixpanel answered that this event alone is too large',
)

/** A batch is worth another attempt as long as one of its travellers is. */
function latestDeliverBy(batch: readonly Traveller[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { party } of batch) latest = Math.max(latest, party.deliverBy)
  return latest
}

function tellAll(batch: readonly Traveller[], outcome: EventOutcome): void {
  for (const traveller of batch) traveller.party.arrived(traveller, outcome)
}

function tellEach(batch: readonly Traveller[], outcomes: readonly EventOutcome[]): void {
  for (const [index, traveller] of batch.entries()) {
    // A verdict has an outcome for each event; were one missing, retrying it loses nothing.
    traveller.party.arrived(traveller, outcomes[index] ?? retry('unknown_answer'))
  }
}

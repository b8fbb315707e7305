import type { ImportAnswer } from './answer.ts'
import type { AttemptEnd, Gate, OpenPassage, Passage } from './gate.ts'
import type { AttemptPolicy } from './mixpanel-client.ts'
import type { Judged, Standing } from './standing.ts'
import { type Refusal, type SentEvent, verdictOn } from './verdict.ts'

export interface TrialParts {
  readonly gate: Pick<Gate, 'pass' | 'passAgain' | 'ended'>
  readonly standing: Pick<Standing, 'judge'>
  /** Told the verdict on every answer, as it comes. */
  readonly heard: (verdict: Judged) => void
}

/** What is on trial: one body, and what is known of the events in it. */
export interface Charge {
  readonly events: number
  /** None any more once the verdict is final. */
  readonly sent: () => readonly SentEvent[]
  /** The monotonic instant until which a push waits. May move. */
  readonly until: () => number
  /** The monotonic instant after which no attempt starts. May move. */
  readonly goesOnUntil: () => number
}

/** The attempts at one body, and the verdict on the last of them. */
export interface Trial {
  readonly policy: AttemptPolicy
  verdict(): Judged
  /** Ends the passage of an attempt that a bug has left without an answer. */
  end(): void
}

/** A trial whose first attempt has been let through. */
export function createTrial(parts: TrialParts, charge: Charge, passage: OpenPassage): Trial {
  const { gate, standing, heard } = parts
  const { events, until, goesOnUntil } = charge
  let attempt = passage
  let isUnderWay = true
  let verdict: Judged = { kind: 'retry', reason: 'unknown_answer' }
  /** What the answer before counted, when Mixpanel is being asked whether it stays at that. */
  let counted: number | undefined

  return { policy: { events, retryable, waitTurn }, verdict: finalVerdict, end }

  function retryable(answer: ImportAnswer): boolean {
    verdict = standing.judge(verdictOn(answer, charge.sent()), attempt.at)
    end(endOf(verdict, events))
    heard(verdict)
    if (verdict.kind === 'shortfall') return asksAgain(verdict.imported)
    return verdict.kind === 'retry' || verdict.kind === 'misconfigured'
  }

  /** Once: importing again is harmless, and a second count that falls short is Mixpanel's own doing. */
  function asksAgain(imported: number): boolean {
    const first = counted === undefined
    counted = Math.max(counted ?? 0, imported)
    return first
  }

  async function waitTurn(failed: number): Promise<boolean> {
    const next = await nextPassage(failed)
    if (next.kind === 'give_back') {
      if (verdict.kind === 'shortfall') verdict = { kind: 'retry', reason: 'unknown_answer' }
      return false
    }
    attempt = next
    isUnderWay = true
    return true
  }

  /** The gate knows how long it stays barred; only a failure has a back-off of its own. */
  function nextPassage(failed: number): Promise<Passage> {
    if (verdict.kind !== 'retry') return gate.pass(events, until, goesOnUntil)
    const { retryAfter } = verdict
    return gate.passAgain(events, { attempt: failed, retryAfter }, until, goesOnUntil)
  }

  function finalVerdict(): Judged {
    if (verdict.kind !== 'shortfall') return verdict
    return { kind: 'shortfall', imported: Math.max(verdict.imported, counted ?? 0) }
  }

  function end(end: AttemptEnd = { kind: 'failed', retryAfter: undefined }): void {
    if (isUnderWay) gate.ended(attempt, end)
    isUnderWay = false
  }
}

function endOf(verdict: Judged, events: number): AttemptEnd {
  switch (verdict.kind) {
    case 'imported':
    case 'settled':
    case 'listed':
    case 'shortfall':
      return { kind: 'taken', events }
    case 'refused':
      return isOfAProxy(verdict) ? { kind: 'failed', retryAfter: undefined } : { kind: 'refused' }
    case 'retry':
      return {
        kind: verdict.reason === 'throttled' ? 'throttled' : 'failed',
        retryAfter: verdict.retryAfter,
      }
    case 'misconfigured':
      return { kind: 'misconfigured' }
  }
}

/** It says nothing of our credentials; Mixpanel's own refusal says that they are good. */
function isOfAProxy({ reason, certain }: Refusal): boolean {
  return reason === 'too_large' && !certain
}

import type { ImportAnswer } from './answer.ts'
import type { AttemptEnd, FailedAttempt, Gate, OpenPassage, Passage } from './gate.ts'
import type { AttemptPolicy } from './mixpanel-client.ts'
import type { Judged, Standing } from './standing.ts'
import { type Refusal, type SentEvent, verdictOn } from './verdict.ts'

export interface TrialParts {
  readonly gate: Pick<Gate, 'pass' | 'passAgain' | 'ended'>
  readonly standing: Pick<Standing, 'judge' | 'hasImportedSince'>
  /** Told the verdict on every answer, as it comes. */
  readonly heard: (verdict: Judged) => void
}

/** What is on trial: one body, and what is known of the events in it. */
export interface Charge {
  readonly events: number
  /** None any more once the verdict is final. */
  readonly sent: () => readonly SentEvent[]
  /** Whether a text that speaks of a passing fault is known to speak of one of the events. */
  readonly isOfItsOwn: () => boolean
  /** The monotonic instant until which a push waits. May move. */
  readonly until: () => number
  /** The monotonic instant after which no attempt starts. May move. */
  readonly goesOnUntil: () => number
}

/** The attempts at one body, and the verdict on the last of them. */
export interface Trial {
  readonly policy: AttemptPolicy
  verdict(): Judged
  /** Whether the verdict is a retry only because the text of a 400 speaks of a passing fault. */
  isTransientByText(): boolean
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
  /** When the first attempt set out whose answer spoke of a fault that passes. */
  let transientSince: number | undefined
  /** What the answer before counted, when Mixpanel is being asked whether it stays at that. */
  let counted: number | undefined

  return {
    policy: { events, retryable, waitTurn },
    verdict: finalVerdict,
    isTransientByText: () => verdict === TRANSIENT,
    end,
  }

  function retryable(answer: ImportAnswer): boolean {
    verdict = believed(standing.judge(verdictOn(answer, charge.sent()), attempt.at))
    end(endOf(verdict, events))
    heard(verdict)
    if (verdict.kind === 'shortfall') return asksAgain(verdict.imported)
    return verdict.kind === 'retry' || verdict.kind === 'misconfigured'
  }

  /**
   * A 400 that speaks of a passing fault is retried. It is a refusal once it comes again although
   * something else was imported: then the text may quote an event.
   */
  function believed(judged: Judged): Judged {
    if (judged.kind !== 'refused' || judged.hint !== 'transience') return judged
    const isRefusal =
      charge.isOfItsOwn() ||
      (transientSince !== undefined && standing.hasImportedSince(transientSince))
    transientSince ??= attempt.at
    return isRefusal ? judged : TRANSIENT
  }

  /** Once: importing again is harmless, and a second count that falls short is Mixpanel's own doing. */
  function asksAgain(imported: number): boolean {
    const first = counted === undefined
    counted = Math.max(counted ?? 0, imported)
    return first
  }

  async function waitTurn(failed: number): Promise<boolean> {
    const next = await nextPassage(failed)
    if (next.kind !== 'open') {
      if (verdict.kind === 'shortfall') verdict = { kind: 'retry', reason: 'unknown_answer' }
      return false
    }
    attempt = next
    isUnderWay = true
    return true
  }

  function nextPassage(failed: number): Promise<Passage> {
    if (verdict.kind === 'shortfall') return gate.pass(events, until, goesOnUntil)
    // The gate knows how long it stays barred; the back-off counts when others open it at once.
    if (verdict.kind !== 'retry') return gate.passAgain(events, FIRST, until, goesOnUntil)
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

const TRANSIENT: Judged = { kind: 'retry', reason: 'mixpanel_unavailable' }
const FIRST: FailedAttempt = { attempt: 1, retryAfter: undefined }

function endOf(verdict: Judged, events: number): AttemptEnd {
  switch (verdict.kind) {
    case 'imported':
    case 'settled':
    case 'listed':
    case 'shortfall':
      return { kind: 'taken', events }
    case 'refused':
      return saysCredentialsAreGood(verdict)
        ? { kind: 'refused' }
        : { kind: 'failed', retryAfter: undefined }
    case 'retry':
      return {
        kind: verdict.reason === 'throttled' ? 'throttled' : 'failed',
        retryAfter: verdict.retryAfter,
      }
    case 'misconfigured':
      return { kind: 'misconfigured' }
  }
}

/** A refusal of Mixpanel's own, unless it speaks of access, or only a proxy calls it too large. */
function saysCredentialsAreGood({ reason, certain, hint }: Refusal): boolean {
  return hint !== 'access' && (reason !== 'too_large' || certain)
}

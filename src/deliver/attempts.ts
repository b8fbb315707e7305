import type { ImportAnswer } from './answer.ts'
import type { AttemptEnd, FailedAttempt, Gate, OpenPassage, Passage } from './gate.ts'
import type { AttemptPolicy } from './mixpanel-client.ts'
import type { RecordedVerdict, Trust } from './trust.ts'
import { type Refusal, type SentEvent, verdictOn } from './verdict.ts'

export interface TrialDeps {
  readonly gate: Pick<Gate, 'pass' | 'passAgain' | 'ended'>
  readonly trust: Pick<Trust, 'record' | 'hasImportedSince'>
  /** Called with the verdict on every answer, as it comes. */
  readonly heard: (verdict: RecordedVerdict) => void
}

/** One body on trial, with the facts about its events. */
export interface Charge {
  readonly events: number
  /** Returns the events that were sent; none once the verdict is final. */
  readonly sent: () => readonly SentEvent[]
  /** Returns whether a text about a passing fault is known to be about one of the events. */
  readonly isOfItsOwn: () => boolean
  /** Returns the monotonic instant until which a push waits. It may move. */
  readonly until: () => number
  /** Returns the monotonic instant after which no attempt starts. It may move. */
  readonly goesOnUntil: () => number
}

/** The attempts at one body, and the verdict on the last of them. */
export interface Trial {
  readonly policy: AttemptPolicy
  verdict(): RecordedVerdict
  /** Whether the verdict is a retry only because the text of a 400 is about a passing fault. */
  isTransientByText(): boolean
  /** Ends the passage of an attempt that a bug has left without an answer. */
  end(): void
}

/** Makes a trial whose first attempt may be sent. */
export function createTrial(deps: TrialDeps, charge: Charge, passage: OpenPassage): Trial {
  const { gate, trust, heard } = deps
  const { events, until, goesOnUntil } = charge
  let attempt = passage
  let isUnderWay = true
  let verdict: RecordedVerdict = { kind: 'retry', reason: 'unknown_answer' }
  /** The instant of the first attempt whose answer named a passing fault. */
  let transientSince: number | undefined
  /** The count of the last answer, while Mixpanel is asked for it a second time. */
  let counted: number | undefined

  return {
    policy: { events, retryable, waitTurn },
    verdict: finalVerdict,
    isTransientByText: () => verdict === TRANSIENT,
    end,
  }

  function retryable(answer: ImportAnswer): boolean {
    verdict = believed(trust.record(verdictOn(answer, charge.sent()), attempt.at))
    end(endOf(verdict, events))
    heard(verdict)
    if (verdict.kind === 'shortfall') return asksAgain(verdict.imported)
    return verdict.kind === 'retry' || verdict.kind === 'misconfigured'
  }

  /**
   * Returns the verdict to act on. A 400 that names a passing fault is retried. It is a refusal
   * when it comes again although another event was imported: the text may then quote an event.
   */
  function believed(judged: RecordedVerdict): RecordedVerdict {
    if (judged.kind !== 'refused' || judged.hint !== 'transience') return judged
    const isRefusal =
      charge.isOfItsOwn() ||
      (transientSince !== undefined && trust.hasImportedSince(transientSince))
    transientSince ??= attempt.at
    return isRefusal ? judged : TRANSIENT
  }

  /**
   * Whether a count that falls short is asked for again. It is, once: importing again is harmless,
   * and a second short count is Mixpanel's own doing.
   */
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
    // The gate knows how long it stays barred. The back-off applies when another batch opens it at
    // once.
    if (verdict.kind !== 'retry') return gate.passAgain(events, FIRST, until, goesOnUntil)
    const { retryAfter } = verdict
    return gate.passAgain(events, { attempt: failed, retryAfter }, until, goesOnUntil)
  }

  function finalVerdict(): RecordedVerdict {
    if (verdict.kind !== 'shortfall') return verdict
    return { kind: 'shortfall', imported: Math.max(verdict.imported, counted ?? 0) }
  }

  function end(end: AttemptEnd = { kind: 'failed', retryAfter: undefined }): void {
    if (isUnderWay) gate.ended(attempt, end)
    isUnderWay = false
  }
}

const TRANSIENT: RecordedVerdict = { kind: 'retry', reason: 'mixpanel_unavailable' }
const FIRST: FailedAttempt = { attempt: 1, retryAfter: undefined }

function endOf(verdict: RecordedVerdict, events: number): AttemptEnd {
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

/**
 * Whether a refusal shows that the credentials are good. Mixpanel must have sent it, and not about
 * access; a proxy may call a body too large.
 */
function saysCredentialsAreGood({ reason, certain, hint }: Refusal): boolean {
  return hint !== 'access' && (reason !== 'too_large' || certain)
}

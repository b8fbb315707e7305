import type { ImportAnswer } from './answer.ts'
import type { AttemptEnd, FailedAttempt, Gate } from './gate.ts'
import type { GateAnswer, Permit } from './gate-answer.ts'
import type { AttemptPolicy } from './mixpanel-client.ts'
import type { RecordedVerdict, Trust } from './trust.ts'
import type { Refusal } from './unnamed-refusal.ts'
import { type SentEvent, verdictOn } from './verdict.ts'

export interface AttemptsDeps {
  readonly gate: Pick<Gate, 'pass' | 'passAgain' | 'ended'>
  readonly trust: Pick<Trust, 'record' | 'hasImportedSince'>
  /** Called when an answer showed that Mixpanel refuses the credentials, with its HTTP status. */
  readonly misconfigured: (status: number) => void
}

/** The request that is sent until a verdict is final, with the facts about its events. */
export interface ImportRequest {
  readonly events: number
  /** The events that were sent. The list is emptied once the verdict is final. */
  readonly sent: readonly SentEvent[]
  /** Returns whether a text about a passing fault is known to be about one of the events. */
  readonly isAboutEvents: () => boolean
  /** Returns the monotonic instant until which a push waits. It may move. */
  readonly until: () => number
  /** Returns the monotonic instant after which no attempt starts. It may move. */
  readonly goesOnUntil: () => number
}

/** The attempts at one body. They are the policy by which the client sends it. */
export interface Attempts extends AttemptPolicy {
  /** The verdict on the last attempt. */
  readonly verdict: RecordedVerdict
  /** Whether an attempt has no answer yet. */
  readonly isUnderWay: boolean
  /** Ends an attempt that a bug has left without an answer: the gate waits for the end of each. */
  abandon(): void
}

/** Makes the attempts at one request. `first` is the permit for the first. */
export function createAttempts(
  deps: AttemptsDeps,
  request: ImportRequest,
  first: Permit,
): Attempts {
  const { gate, trust, misconfigured } = deps
  const { events, until, goesOnUntil } = request
  let permit = first
  /** The instant of the first attempt whose answer named a passing fault. */
  let transientSince: number | undefined
  /** The largest count of the answers that fell short; Mixpanel is asked for it a second time. */
  let counted: number | undefined
  const attempts = {
    events,
    verdict: UNKNOWN,
    isUnderWay: true,
    onAnswer,
    nextAttempt,
    abandon,
  }
  return attempts

  function onAnswer(answer: ImportAnswer): boolean {
    const recorded = trust.record(verdictOn(answer, request.sent), permit.at)
    const verdict = recorded.kind === 'refused' ? believed(recorded) : recorded
    attempts.verdict = verdict
    attempts.isUnderWay = false
    gate.ended(permit, endOf(verdict, events))
    if (verdict.kind === 'shortfall') return noteCount(verdict.imported)
    if (verdict.kind === 'misconfigured') misconfigured(verdict.status)
    return verdict.kind === 'retry' || verdict.kind === 'misconfigured'
  }

  /**
   * Returns the verdict to act on. A 400 that names a passing fault is retried. It is a refusal
   * when it comes again although another event was imported: the text may then quote an event.
   */
  function believed(refusal: Refusal): RecordedVerdict {
    if (refusal.hint !== 'transience') return refusal
    const isRefusal =
      request.isAboutEvents() ||
      (transientSince !== undefined && trust.hasImportedSince(transientSince))
    transientSince ??= permit.at
    return isRefusal ? refusal : TRANSIENT_BY_TEXT
  }

  /**
   * Notes a count that falls short. Returns whether to ask for it again. The service asks once:
   * importing again is harmless, and a second short count is Mixpanel's own doing.
   */
  function noteCount(imported: number): boolean {
    const first = counted === undefined
    counted = Math.max(counted ?? 0, imported)
    attempts.verdict = { kind: 'shortfall', imported: counted }
    return first
  }

  async function nextAttempt(failed: number): Promise<boolean> {
    const next = await nextPermit(failed)
    if (next.kind !== 'permit') {
      if (attempts.verdict.kind === 'shortfall') attempts.verdict = UNKNOWN
      return false
    }
    permit = next
    attempts.isUnderWay = true
    return true
  }

  function nextPermit(failed: number): Promise<GateAnswer> {
    const { verdict } = attempts
    if (verdict.kind === 'shortfall') return gate.pass(events, until, goesOnUntil)
    // The gate knows how long it stays unauthorized. The back-off applies when another batch opens
    // it at once.
    if (verdict.kind !== 'retry') return gate.passAgain(events, FIRST, until, goesOnUntil)
    const { retryAfter } = verdict
    return gate.passAgain(events, { attempt: failed, retryAfter }, until, goesOnUntil)
  }

  function abandon(): void {
    attempts.isUnderWay = false
    gate.ended(permit, { kind: 'failed', retryAfter: undefined })
  }
}

/** The verdict on a 400 that is retried only because its text is about a passing fault. */
export const TRANSIENT_BY_TEXT: RecordedVerdict = { kind: 'retry', reason: 'mixpanel_unavailable' }
const UNKNOWN: RecordedVerdict = { kind: 'retry', reason: 'unknown_answer' }
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

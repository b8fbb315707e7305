import type { EventOutcome } from '../model/outcome.ts'
import type { Verdict } from './verdict.ts'

/**
 * A verdict after those before it are taken into account: a 403 or 404 is then a refusal of access,
 * or a passing fault.
 */
export type RecordedVerdict = Exclude<Verdict, { kind: 'denied' }>

/** The trust in a refusal of Mixpanel: the answers before it decide what it may mean. */
export interface Trust {
  /**
   * Records the verdict on an attempt that was sent at the monotonic instant `sentAt`. Returns its
   * meaning after the verdicts before it.
   */
  record(verdict: Verdict, sentAt: number): RecordedVerdict
  /** Whether an attempt that was sent at `since` or later has imported something. */
  hasImportedSince(since: number): boolean
  /**
   * Spends the trust in one refusal of an event that stood alone, with nothing imported beside it.
   * Returns `false` when none is left: an import gives trust in ten.
   */
  spend(): boolean
  /**
   * Records that events went back because a delivery that began at `startedAt` refused them without
   * a name. Returns whether Mixpanel must be left alone: nothing was imported meanwhile, nor since
   * the last such delivery.
   */
  suspect(startedAt: number, now: number): boolean
  isSuspect(): boolean
}

/**
 * The number of 403s or 404s, with nothing imported between, that mean a refusal of access. A
 * single one may come from a proxy.
 */
const DENIED_TIMES = 3
/** The most dead letters of a fault of Mixpanel that begins while a batch is halved. */
const REFUSALS_PER_IMPORT = 10

/** Makes the trust of a new process: there is no proof yet that anything can be imported. */
export function createTrust(): Trust {
  let refusalsLeft = 0
  let denials = 0
  let suspected = false
  let importedSinceSuspicion = false
  let lastImportSentAt = Number.NEGATIVE_INFINITY
  let lastFaultAt = Number.NEGATIVE_INFINITY

  return {
    record,
    hasImportedSince: (since) => lastImportSentAt >= since,
    spend,
    suspect,
    isSuspect: () => suspected,
  }

  function record(verdict: Verdict, sentAt: number): RecordedVerdict {
    switch (verdict.kind) {
      case 'imported':
        noteImport(sentAt)
        return verdict
      case 'settled':
        if (isSomeImported(verdict.outcomes)) noteImport(sentAt)
        return verdict
      case 'shortfall':
        if (verdict.imported > 0) noteImport(sentAt)
        return verdict
      case 'misconfigured':
        noteFault(sentAt)
        return verdict
      case 'denied':
        return recordDenied(verdict.status, sentAt)
      case 'listed':
      case 'refused':
      case 'retry':
        return verdict
    }
  }

  function recordDenied(status: number, sentAt: number): RecordedVerdict {
    denials += 1
    if (denials < DENIED_TIMES) return { kind: 'retry', reason: 'unknown_answer' }
    noteFault(sentAt)
    return { kind: 'misconfigured', status }
  }

  function noteImport(sentAt: number): void {
    // An attempt that was sent before the fault shows nothing about the time after it.
    if (sentAt < lastFaultAt) return
    refusalsLeft = REFUSALS_PER_IMPORT
    denials = 0
    suspected = false
    importedSinceSuspicion = true
    lastImportSentAt = Math.max(lastImportSentAt, sentAt)
  }

  function spend(): boolean {
    if (refusalsLeft === 0) return false
    refusalsLeft -= 1
    return true
  }

  function suspect(startedAt: number, now: number): boolean {
    const isAlone = !importedSinceSuspicion && lastImportSentAt < startedAt
    suspected = true
    importedSinceSuspicion = false
    if (isAlone) noteFault(now)
    return isAlone
  }

  function noteFault(at: number): void {
    refusalsLeft = 0
    lastFaultAt = Math.max(lastFaultAt, at)
  }
}

/** Whether one of the outcomes of a batch is an import. */
export function isSomeImported(outcomes: readonly EventOutcome[]): boolean {
  return outcomes.some(({ kind }) => kind === 'imported')
}

import type { Verdict } from './verdict.ts'

/**
 * A verdict that takes the earlier ones into account: a 403 or 404 then counts as a refusal of
 * access or as a passing fault.
 */
export type Judged = Exclude<Verdict, { kind: 'shut_out' }>

/** The standing of the service with Mixpanel: the last answers decide what a refusal may mean. */
export interface Standing {
  /**
   * Notes the verdict on an attempt that was sent at the monotonic instant `sentAt`. Returns its
   * meaning after the verdicts before it.
   */
  judge(verdict: Verdict, sentAt: number): Judged
  /** Whether an attempt that was sent at `since` or later has imported something. */
  hasImportedSince(since: number): boolean
  /**
   * Whether the last import still vouches for one more event that was refused alone, with nothing
   * imported beside it. It vouches for ten.
   */
  vouches(): boolean
  /**
   * Notes that events went back because a delivery that began at `startedAt` refused them without a
   * name. Returns whether Mixpanel must be left alone: nothing was imported meanwhile, nor since
   * the last such delivery.
   */
  suspect(startedAt: number, now: number): boolean
  isSuspect(): boolean
}

/**
 * The number of 403s or 404s, with nothing imported between, that mean a refusal of access. A
 * single one may come from a proxy.
 */
const SHUT_OUT_TIMES = 3
/** The most dead letters of a fault of Mixpanel that begins in the middle of a split. */
const REFUSALS_AN_IMPORT_VOUCHES_FOR = 10

/** Makes a standing without proof that anything can be imported. */
export function createStanding(): Standing {
  let vouchers = 0
  let shutOut = 0
  let suspected = false
  let importedSinceSuspicion = false
  let lastImportSentAt = Number.NEGATIVE_INFINITY
  let lastFaultAt = Number.NEGATIVE_INFINITY

  return {
    judge,
    hasImportedSince: (since) => lastImportSentAt >= since,
    vouches,
    suspect,
    isSuspect: () => suspected,
  }

  function judge(verdict: Verdict, sentAt: number): Judged {
    if (importsSomething(verdict)) noteImport(sentAt)
    if (verdict.kind === 'misconfigured') noteFault(sentAt)
    if (verdict.kind !== 'shut_out') return verdict
    shutOut += 1
    if (shutOut < SHUT_OUT_TIMES) return { kind: 'retry', reason: 'unknown_answer' }
    noteFault(sentAt)
    return { kind: 'misconfigured', status: verdict.status }
  }

  function noteImport(sentAt: number): void {
    // An attempt that was sent before the fault shows nothing about the time after it.
    if (sentAt < lastFaultAt) return
    vouchers = REFUSALS_AN_IMPORT_VOUCHES_FOR
    shutOut = 0
    suspected = false
    importedSinceSuspicion = true
    lastImportSentAt = Math.max(lastImportSentAt, sentAt)
  }

  function vouches(): boolean {
    if (vouchers === 0) return false
    vouchers -= 1
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
    vouchers = 0
    lastFaultAt = Math.max(lastFaultAt, at)
  }
}

/** Whether an answer says that Mixpanel has imported something. */
export function importsSomething(verdict: Verdict): boolean {
  switch (verdict.kind) {
    case 'imported':
      return true
    case 'settled':
      return verdict.outcomes.some(({ kind }) => kind === 'imported')
    case 'shortfall':
      return verdict.imported > 0
    case 'listed':
    case 'refused':
    case 'retry':
    case 'shut_out':
    case 'misconfigured':
      return false
  }
}

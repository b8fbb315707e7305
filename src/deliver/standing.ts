import type { Verdict } from './verdict.ts'

/** A verdict in the light of those before it: a 403 or 404 is a whim by then, or it is none. */
export type Judged = Exclude<Verdict, { kind: 'shut_out' }>

/** How we stand with Mixpanel, as its last answers have it: what a refusal may be believed to mean. */
export interface Standing {
  /**
   * Takes note of the verdict on an attempt that set out at the monotonic instant `sentAt`, and
   * answers what it means in the light of those before it.
   */
  judge(verdict: Verdict, sentAt: number): Judged
  /** Whether an attempt that set out at `since` or later has imported something. */
  hasImportedSince(since: number): boolean
  /**
   * Whether so many events, refused without being named, may be held to be at fault themselves.
   * An import proves that nothing else is; it vouches for a few refusals, not for a topic of them.
   */
  vouchesFor(events: number): boolean
  /** These events were refused at `at`, with few others or alone. Remembered for a while. */
  noteRefused(insertIds: readonly string[], at: number): void
  /** Whether an event was refused before, and something imported since: it is no fault that passes. */
  isRefusedStill(insertId: string): boolean
  /** All of a batch was refused, and nothing imported meanwhile: it may not be the events' fault. */
  suspect(at: number): void
  isSuspect(): boolean
}

/** A 403 or 404 may be a proxy's whim; so often, with nothing imported between, it is none. */
const SHUT_OUT_TIMES = 3
/** Lone refusals that one import vouches for: what a fault of Mixpanel's can cost at the most. */
const REFUSALS_AN_IMPORT_VOUCHES_FOR = 10

/** Events remembered as refused; the first to be forgotten is the oldest. */
const MOST_REMEMBERED = 10_000

/** A standing that begins without proof that anything can be imported. */
export function createStanding(): Standing {
  let vouchers = 0
  let shutOut = 0
  let suspected = false
  let lastImportSentAt = Number.NEGATIVE_INFINITY
  let lastFaultAt = Number.NEGATIVE_INFINITY
  const refusedAt = new Map<string, number>()

  return {
    judge,
    hasImportedSince: (since) => lastImportSentAt >= since,
    vouchesFor,
    noteRefused,
    isRefusedStill: (insertId) => lastImportSentAt >= (refusedAt.get(insertId) ?? Infinity),
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
    // What had set out before the fault says nothing of what is after it.
    if (sentAt < lastFaultAt) return
    vouchers = REFUSALS_AN_IMPORT_VOUCHES_FOR
    shutOut = 0
    suspected = false
    lastImportSentAt = Math.max(lastImportSentAt, sentAt)
  }

  function vouchesFor(events: number): boolean {
    if (vouchers <= 0) return false
    vouchers -= events
    return true
  }

  function noteRefused(insertIds: readonly string[], at: number): void {
    for (const insertId of insertIds) if (!refusedAt.has(insertId)) refusedAt.set(insertId, at)
    for (const oldest of refusedAt.keys()) {
      if (refusedAt.size <= MOST_REMEMBERED) return
      refusedAt.delete(oldest)
    }
  }

  function suspect(at: number): void {
    suspected = true
    noteFault(at)
  }

  function noteFault(at: number): void {
    vouchers = 0
    lastFaultAt = Math.max(lastFaultAt, at)
  }
}

function importsSomething(verdict: Verdict): boolean {
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

/** How much a project takes within a rolling window. */
export interface QuotaLimit {
  readonly events: number
  /** Uncompressed; without a limit when absent. */
  readonly bytes?: number
  /** A minute when absent (reference/rate-limits). */
  readonly windowMs?: number
}

/** What one request adds. */
export interface RequestSize {
  readonly events: number
  /** Uncompressed. */
  readonly bytes: number
}

/** Whether a request is within the quota; if not, when the oldest that counts ceases to. */
export type Admission = Readonly<{ kind: 'admitted' } | { kind: 'throttled'; retryInMs: number }>

export interface Quota {
  /** What was admitted before counts at once. `undefined` lifts the limit. */
  set(limit: QuotaLimit | undefined): void
  limit(): QuotaLimit | undefined
  /** Counts a request, unless it is throttled. Refused records count too (import-events). */
  admit(size: RequestSize): Admission
}

interface Admitted extends RequestSize {
  readonly at: number
}

const MINUTE_MS = 60_000
/** Below this many, what has left the window is not worth moving the rest for. */
const COMPACT_FROM = 1_024

/** No limit until one is set. `now` in epoch ms; a step costs the same however much was admitted. */
export function createQuota(now: () => number): Quota {
  let limit: QuotaLimit | undefined
  let admitted: Admitted[] = []
  let oldest = 0
  let events = 0
  let bytes = 0

  return {
    set: (changed) => {
      limit = changed
    },
    limit: () => limit,
    admit,
  }

  function admit(size: RequestSize): Admission {
    const at = now()
    forgetUntil(at - (limit?.windowMs ?? MINUTE_MS))
    if (isAbove(limit, size)) return { kind: 'throttled', retryInMs: untilOldestLeaves(at) }
    admitted.push({ at, events: size.events, bytes: size.bytes })
    events += size.events
    bytes += size.bytes
    return { kind: 'admitted' }
  }

  function isAbove(limit: QuotaLimit | undefined, size: RequestSize): boolean {
    if (limit === undefined) return false
    return events + size.events > limit.events || bytes + size.bytes > (limit.bytes ?? Infinity)
  }

  function forgetUntil(end: number): void {
    for (let first = admitted[oldest]; first && first.at <= end; first = admitted[oldest]) {
      events -= first.events
      bytes -= first.bytes
      oldest++
    }
    if (oldest < COMPACT_FROM || oldest * 2 < admitted.length) return
    admitted = admitted.slice(oldest)
    oldest = 0
  }

  function untilOldestLeaves(at: number): number {
    const windowMs = limit?.windowMs ?? MINUTE_MS
    return (admitted[oldest]?.at ?? at) + windowMs - at
  }
}

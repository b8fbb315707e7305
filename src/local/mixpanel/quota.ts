/** The limits of a project within a rolling window. */
export interface QuotaLimit {
  readonly events: number
  /** Uncompressed; without a limit when absent. */
  readonly bytes?: number
  /** A minute when absent (reference/rate-limits). */
  readonly windowMs?: number
}

/** The size of one request. */
export interface RequestSize {
  readonly events: number
  /** Uncompressed. */
  readonly bytes: number
}

/** Whether a request is within the quota; if not, how long until the oldest counted one expires. */
export type Admission = Readonly<{ kind: 'admitted' } | { kind: 'throttled'; retryInMs: number }>

export interface Quota {
  /** Sets the limit. Requests admitted earlier count at once. `undefined` lifts the limit. */
  set(limit: QuotaLimit | undefined): void
  limit(): QuotaLimit | undefined
  /** Counts a request, unless it is throttled. Refused records count too (import-events). */
  admit(size: RequestSize): Admission
}

interface Admitted extends RequestSize {
  readonly at: number
}

const MINUTE_MS = 60_000
/** With fewer expired entries than this, moving the rest costs more than it saves. */
const COMPACT_FROM = 1_024

/** Creates a quota without a limit. `now` is in epoch ms. A call takes constant time on average. */
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

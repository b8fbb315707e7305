import type { Audit } from './audit.ts'
import type { Findings } from './findings.ts'
import type { Kill } from './kill-points.ts'
import type { Lacking } from './planned-event.ts'
import type { Setting } from './setting.ts'

/** What one survival run came to. */
export interface Survival {
  readonly seed: number
  readonly setting: Setting
  readonly audit: Pick<Audit, 'complaints' | 'looks' | 'peakRssMiB'>
  readonly events: number
  readonly messages: number
  /** How many of the events had no time, and how many no insert id. */
  readonly lacking: Lacking
  readonly findings: Findings
  /** Why it was given up before all was acked; `undefined` when it was not. */
  readonly gaveUp: string | undefined
  readonly counts: {
    /** Copies of events that Mixpanel has taken in, and as many as queries see of them. */
    readonly rows: number
    readonly deduplicated: number
    readonly deadLetters: number
    /** Letters that were stored more often than once: a reader counts their ids once. */
    readonly lettersAgain: number
    readonly pushes: number
    readonly redeliveries: number
    /** Messages that were acked, and pushed again all the same. */
    readonly duplicates: number
    /** Messages that a dead-letter policy took. */
    readonly forwarded: number
    readonly imports: number
  }
  /** How often each fault struck. */
  readonly faults: ReadonlyMap<string, number>
  readonly kills: readonly Kill[]
  /** Times the service was stopped with SIGTERM, and its exit codes. */
  readonly stops: readonly (number | undefined)[]
  /** From the end of the last fault until all was acked, and all in all, in ms. */
  readonly drainedInMs: number
  readonly tookMs: number
}

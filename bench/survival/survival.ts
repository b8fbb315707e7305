import type { Audit } from './audit.ts'
import type { Findings } from './findings.ts'
import type { Kill } from './kill-points.ts'
import type { Lacking } from './planned-event.ts'
import type { Stop } from './service.ts'
import type { Setting } from './setting.ts'

/** The results of one survival run. */
export interface Survival {
  readonly seed: number
  readonly setting: Setting
  readonly audit: Pick<Audit, 'complaints' | 'looks' | 'peakRssMiB'>
  readonly events: number
  readonly messages: number
  /** The number of events without a time, and without an insert id. */
  readonly lacking: Lacking
  readonly findings: Findings
  /** The reason why the run was given up before all was acked; `undefined` when it was not. */
  readonly gaveUp: string | undefined
  readonly counts: {
    /** The copies of events that Mixpanel took, and the number of them that queries see. */
    readonly rows: number
    readonly deduplicated: number
    readonly deadLetters: number
    /** Letters that were stored more than once. A reader counts each id once. */
    readonly lettersAgain: number
    readonly pushes: number
    readonly redeliveries: number
    /** Messages that were pushed again after their ack. */
    readonly duplicates: number
    /** Messages that a dead-letter policy took. */
    readonly forwarded: number
    readonly imports: number
  }
  /** The number of strikes of each fault. */
  readonly faults: ReadonlyMap<string, number>
  readonly kills: readonly Kill[]
  /** The stops with SIGTERM. */
  readonly stops: readonly Stop[]
  /** The time from the end of the last fault until all was acked, and of the whole run, in ms. */
  readonly drainedInMs: number
  readonly tookMs: number
}

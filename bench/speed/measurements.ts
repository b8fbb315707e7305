import type { Case } from './cases.ts'
import type { Comparison } from './compare.ts'
import type { Latency } from './latency.ts'
import type { PeakMemory } from './peak-memory.ts'
import type { Scaling } from './processes.ts'
import type { StartUp } from './start-up.ts'

/** The results of the contestants in one case. */
export interface CaseResult {
  readonly case: Case
  readonly comparisons: readonly Comparison[]
}

/** The results of a whole run. */
export interface Measurements {
  readonly cases: readonly CaseResult[]
  readonly sweep: readonly CaseResult[]
  readonly latencies: readonly Latency[]
  readonly peaks: readonly PeakMemory[]
  readonly scaling: readonly Scaling[]
  readonly startUp: StartUp
}

import type { Case } from './cases.ts'
import type { Comparison } from './compare.ts'
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
  /** The cases at the rates of production. */
  readonly openLoop: readonly CaseResult[]
  /** The cases of the two protocols. */
  readonly protocols: readonly CaseResult[]
  readonly sweep: readonly CaseResult[]
  readonly peaks: readonly PeakMemory[]
  readonly scaling: readonly Scaling[]
  readonly startUp: StartUp
}

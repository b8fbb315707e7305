import type { Clock } from '../../lib/clock.ts'
import { type Check, type Finding, fail, WITHIN_MS } from './finding.ts'
import { inTime } from './in-time.ts'

const LATE: readonly Finding[] = [fail(`no answer within ${WITHIN_MS / 1_000} s`)]

/** Runs a check for at most five seconds. A check that takes longer has failed. */
export function runCheck({ run }: Check, clock: Pick<Clock, 'after'>): Promise<readonly Finding[]> {
  return inTime(run, LATE, clock)
}

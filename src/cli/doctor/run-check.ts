import type { Clock } from '../../lib/clock.ts'
import { type Check, type Finding, fail, WITHIN_MS } from './finding.ts'

/** Runs a check for at most five seconds. A check that takes longer has failed. */
export async function runCheck(
  { run }: Check,
  clock: Pick<Clock, 'after'>,
): Promise<readonly Finding[]> {
  const timeUp = new AbortController()
  const { promise: late, resolve } = Promise.withResolvers<readonly Finding[]>()
  const cancel = clock.after(WITHIN_MS, () => {
    resolve([fail(`no answer within ${WITHIN_MS / 1_000} s`)])
    timeUp.abort()
  })
  try {
    return await Promise.race([late, run(timeUp.signal)])
  } finally {
    cancel()
  }
}

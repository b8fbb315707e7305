import type { Clock } from '../../lib/clock.ts'
import { WITHIN_MS } from './finding.ts'

/** Resolves as `run` does, or with `late` after five seconds. Its signal aborts then. */
export async function inTime<T>(
  run: (signal: AbortSignal) => Promise<T>,
  late: T,
  clock: Pick<Clock, 'after'>,
): Promise<T> {
  const timeUp = new AbortController()
  const { promise, resolve } = Promise.withResolvers<T>()
  const cancel = clock.after(WITHIN_MS, () => {
    resolve(late)
    timeUp.abort()
  })
  try {
    return await Promise.race([promise, run(timeUp.signal)])
  } finally {
    cancel()
  }
}

import type { Clock } from '../lib/clock.ts'

/**
 * A folder gave no answer. The call that waits for it holds a thread, so that `process.exit`
 * would wait for it, too.
 */
export class UnresponsiveFolderError extends Error {
  override readonly name = 'UnresponsiveFolderError'
  readonly code = 'TIMED_OUT'
}

/** The service ends within five seconds of its start when it cannot store dead letters. */
const PROBE_MS = 4_000

/** Rejects as `probe` does, and with an `UnresponsiveFolderError` when it takes too long. */
export async function probeInTime(
  probe: () => Promise<void>,
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const callOff = clock.after(PROBE_MS, () => {
    reject(
      new UnresponsiveFolderError(
        'DEAD_LETTER=file: names a folder that does not answer within ' +
          `${PROBE_MS / 1_000} seconds: look at the volume it lies on, or name another`,
      ),
    )
  })
  try {
    await Promise.race([probe(), late])
  } finally {
    callOff()
  }
}

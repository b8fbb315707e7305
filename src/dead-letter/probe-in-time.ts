import type { Clock } from '../lib/clock.ts'

/**
 * A folder gave no answer. The call that waits for it holds a thread, so that `process.exit` would
 * wait for it, too.
 */
export class UnresponsiveFolderError extends Error {
  override readonly name = 'UnresponsiveFolderError'
  readonly code = 'TIMED_OUT'
}

export interface ProbeLimit {
  /** Rejects when letters could not be stored. */
  readonly probe: () => Promise<void>
  readonly withinMs: number
  readonly clock: Pick<Clock, 'after'>
}

/** Rejects as the probe does, and with an `UnresponsiveFolderError` when it takes too long. */
export async function probeInTime({ probe, withinMs, clock }: ProbeLimit): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const cancel = clock.after(withinMs, () => {
    reject(
      new UnresponsiveFolderError(
        'DEAD_LETTER=file: names a folder that does not answer within ' +
          `${withinMs / 1_000} seconds: look at the volume it lies on, or name another`,
      ),
    )
  })
  try {
    await Promise.race([probe(), late])
  } finally {
    cancel()
  }
}

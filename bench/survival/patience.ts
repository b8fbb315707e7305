import { setTimeout } from 'node:timers/promises'

const ASK_AGAIN_MS = 5

export async function pause(ms: number): Promise<void> {
  await setTimeout(ms)
}

/** Asks until the answer is yes or the time is up; resolves with the last answer. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) return false
    await pause(ASK_AGAIN_MS)
  }
  return true
}

/**
 * Waits for the rest to come down to a number. Resolves with `false` when it has not come down any
 * further for the given time.
 */
export async function untilDownTo(
  most: number,
  left: () => number,
  patienceMs: number,
): Promise<boolean> {
  for (let fewest = left(); fewest > most; fewest = left()) {
    if (!(await until(() => left() < fewest, patienceMs))) return false
  }
  return true
}

/** The service acks no more messages, although it had time to. */
export class GivenUpError extends Error {}

/** Settles as the work does; rejects as soon as the signal fires, even while the work goes on. */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return work()
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return Promise.race([work(), aborted])
}

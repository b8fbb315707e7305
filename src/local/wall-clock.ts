import { setTimeout } from 'node:timers'
import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds since the epoch. The local world imports no code of the service. */
export function wallNow(): number {
  return Date.now()
}

/** Milliseconds of a monotonic clock. */
export function wallElapsed(): number {
  return performance.now()
}

/** Resolves after `ms`; does not keep the process alive. */
export async function wallWait(ms: number): Promise<void> {
  await pause(ms, undefined, { ref: false })
}

/** Runs `task` once after `ms`, unless called off; does not keep the process alive. */
export function wallAfter(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms).unref()
  return () => clearTimeout(timer)
}

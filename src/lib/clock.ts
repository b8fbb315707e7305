/** The only source of time. Tests hand in one whose hands they move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds since an arbitrary start; never steps back. Deadlines live on it. */
  monotonic(): number
  /**
   * Runs `task` once after `ms`; the returned function calls it off. Waiting for it alone does not
   * keep the process alive.
   */
  after(ms: number, task: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, Math.max(0, ms)).unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves when all that waits for the event loop has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

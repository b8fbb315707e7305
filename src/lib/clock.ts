/** The only source of time. Tests pass in a clock that they move by hand. */
export interface Clock {
  /** Returns the milliseconds since the epoch. */
  now(): number
  /**
   * Returns the milliseconds since an arbitrary start. It never steps back, so deadlines use it.
   */
  monotonic(): number
  /**
   * Runs `task` once after `ms`. The returned function cancels it. Waiting for it alone does not
   * keep the process alive.
   */
  after(ms: number, task: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: performance.now.bind(performance),
  after: (ms, task) => {
    const timer = setTimeout(task, Math.max(0, ms)).unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves when everything that waits for the event loop has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Keeps the process alive until the returned function is called. No clock of ours does. */
export function stayAlive(): () => void {
  const timer = setInterval(() => {}, 2 ** 30)
  return () => clearInterval(timer)
}

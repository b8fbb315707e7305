/** Runs a task when fewer than the limit run. The others wait in order. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>

/** Makes a semaphore. A task that rejects gives its place back, too. */
export function createLimit(most: number): Limit {
  const waiting: (() => void)[] = []
  let running = 0

  return async function limited(task) {
    if (running >= most) await new Promise<void>((start) => waiting.push(start))
    else running += 1
    try {
      return await task()
    } finally {
      // The place goes to the next task directly, so that a new task cannot take it in between.
      const startNext = waiting.shift()
      if (startNext) startNext()
      else running -= 1
    }
  }
}

/** Lets at most so many tasks run at once; the others wait in order. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>

/** A semaphore around tasks. A task that rejects gives its place back too. */
export function createLimit(most: number): Limit {
  const waiting: (() => void)[] = []
  let running = 0

  return async function limited(task) {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await task()
    } finally {
      // The place is handed on, so that a newcomer cannot slip in between.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

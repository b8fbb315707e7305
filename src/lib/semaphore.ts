/**
 * Runs a task when fewer than the limit run. The others wait in order. A task whose `yields`
 * returns `true` waits for all tasks whose `yields` does not.
 */
export type Limit = <T>(task: () => Promise<T>, yields?: () => boolean) => Promise<T>

interface Waiter {
  readonly start: () => void
  readonly yields: () => boolean
}

/** Makes a semaphore. A task that rejects gives its place back, too. */
export function createLimit(most: number): Limit {
  const waiting: Waiter[] = []
  let running = 0

  return async function limited(task, yields = never) {
    if (running >= most) await new Promise<void>((start) => waiting.push({ start, yields }))
    else running += 1
    try {
      return await task()
    } finally {
      // The place goes to the next task directly, so that a new task cannot take it in between.
      const next = waiting.length > 0 ? takeNext() : undefined
      if (next) next.start()
      else running -= 1
    }
  }

  function takeNext(): Waiter | undefined {
    const first = waiting.findIndex(({ yields }) => !yields())
    return waiting.splice(Math.max(0, first), 1)[0]
  }
}

function never(): boolean {
  return false
}

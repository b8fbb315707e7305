/**
 * Lets at most so many tasks run at once. The others wait in order, but a task whose `yields` says
 * so waits for all that do not.
 */
export type Limit = <T>(task: () => Promise<T>, yields?: () => boolean) => Promise<T>

interface Waiter {
  readonly start: () => void
  readonly yields: () => boolean
}

/** A semaphore around tasks. A task that rejects gives its place back too. */
export function createLimit(most: number): Limit {
  const waiting: Waiter[] = []
  let running = 0

  return async function limited(task, yields = never) {
    if (running >= most) await new Promise<void>((start) => waiting.push({ start, yields }))
    else running += 1
    try {
      return await task()
    } finally {
      // The place is handed on, so that a newcomer cannot slip in between.
      const next = takeNext()
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

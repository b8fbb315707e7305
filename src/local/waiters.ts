/** The callers that wait for a count to reach a number. */
export interface Waiters {
  /** Resolves once the count is `least` or more. */
  waitFor(least: number): Promise<void>
  /** Resolves the waits that the count has reached. */
  come(): void
}

/** @param count returns the present count */
export function createWaiters(count: () => number): Waiters {
  let waiting: { least: number; resolve: () => void }[] = []

  return {
    waitFor: (least) =>
      new Promise<void>((resolve) => {
        waiting.push({ least, resolve })
        come()
      }),
    come,
  }

  function come(): void {
    const served = waiting.filter((one) => one.least <= count())
    waiting = waiting.filter((one) => one.least > count())
    for (const { resolve } of served) resolve()
  }
}

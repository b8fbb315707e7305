/** Those who wait for something to have come so often. */
export interface Waiters {
  /** Resolves once so many have come. */
  waitFor(least: number): Promise<void>
  /** Tells them that one more has come. */
  come(): void
}

/** @param count how many have come */
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

import assert from 'node:assert/strict'

/** Far more than a busy machine needs, and less than the runner gives a test: a minute. */
const PATIENCE_MS = 45_000
const ASK_AGAIN_MS = 2

/** Asks until the answer is yes; fails, rather than hang, when it stays no. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    assert.ok(performance.now() < giveUpAt, `this never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
}

/** Waits for a promise; fails, rather than hang, when it does not settle. */
export async function settled<T>(what: string, promise: Promise<T>): Promise<T> {
  const { promise: never, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`this never came: ${what}`)), PATIENCE_MS)
  try {
    return await Promise.race([promise, never])
  } finally {
    clearTimeout(timer)
  }
}

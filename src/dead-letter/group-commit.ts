export interface GroupCommitOptions<T> {
  /**
   * The most items of one group, when they differ. The items of one addition are never parted, and
   * alone may be more.
   */
  readonly maxItems: number
  readonly maxBytes: number
  /** The most bytes that may wait for a commit. A larger addition waits only alone. */
  readonly maxQueuedBytes: number
  /**
   * The most groups that are committed side by side. Together they have at most `maxBytes`, or are
   * one.
   */
  readonly maxCommits: number
  /**
   * Resolves when all items are committed. Items that were confirmed before it rejects are
   * committed. All other additions of the group reject with its error.
   */
  readonly commit: (items: readonly T[], confirm: Confirm<T>) => Promise<void>
}

/** Called when some items of a group are committed, before the others are. */
export type Confirm<T> = (items: readonly T[]) => void

export interface GroupCommit<T> {
  /**
   * Resolves when these items are committed. Rejects when they are not, or may not be. It rejects,
   * too, when too much waits already, and once closed.
   */
  add(items: readonly T[], bytes: number): Promise<void>
  /** Resolves when all that waits is committed or refused. Nothing can be added from now on. */
  close(): Promise<void>
}

interface Addition<T> {
  readonly items: readonly T[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  unconfirmed: number
}

/**
 * Makes a group commit. While groups are committed, further items gather, and the next group takes
 * as many as it may.
 */
export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  const commits = new Set<Promise<void>>()
  let committingBytes = 0
  const waiting: Addition<T>[] = []
  let waitingBytes = 0
  let closed = false

  return { add, close }

  async function add(items: readonly T[], bytes: number): Promise<void> {
    if (closed) throw new Error('the dead-letter store is closed')
    if (waitingBytes > 0 && waitingBytes + bytes > options.maxQueuedBytes) {
      throw new Error('too many dead letters wait to be stored')
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    waiting.push({ items, bytes, resolve, reject, unconfirmed: items.length })
    waitingBytes += bytes
    startCommits()
    return promise
  }

  async function close(): Promise<void> {
    closed = true
    while (commits.size > 0) await Promise.all(commits)
  }

  function startCommits(): void {
    while (waiting.length > 0 && commits.size < options.maxCommits) {
      const size = nextGroupSize()
      const bytes = bytesOf(waiting.slice(0, size))
      if (commits.size > 0 && committingBytes + bytes > options.maxBytes) return
      start(waiting.splice(0, size), bytes)
    }
  }

  function start(group: readonly Addition<T>[], bytes: number): void {
    waitingBytes -= bytes
    committingBytes += bytes
    const commit = commitGroup(group).finally(() => {
      commits.delete(commit)
      committingBytes -= bytes
      startCommits()
    })
    commits.add(commit)
  }

  function nextGroupSize(): number {
    let count = 0
    let size = 0
    const past = waiting.findIndex(({ items, bytes }) => {
      count += items.length
      size += bytes
      return count > options.maxItems || size > options.maxBytes
    })
    return past === -1 ? waiting.length : Math.max(1, past)
  }

  async function commitGroup(group: readonly Addition<T>[]): Promise<void> {
    const additionOf = new Map<T, Addition<T>>()
    for (const addition of group) {
      for (const item of addition.items) additionOf.set(item, addition)
    }
    try {
      await options.commit([...additionOf.keys()], confirm)
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }

    function confirm(items: readonly T[]): void {
      for (const item of items) {
        const addition = additionOf.get(item)
        if (!addition) continue
        addition.unconfirmed -= 1
        if (addition.unconfirmed === 0) addition.resolve()
      }
    }
  }
}

function bytesOf(additions: readonly { readonly bytes: number }[]): number {
  return additions.reduce((sum, { bytes }) => sum + bytes, 0)
}

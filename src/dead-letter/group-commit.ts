export interface GroupCommitOptions<T> {
  /** Of one group. What was added as one is never parted, and alone may be larger. */
  readonly maxItems: number
  readonly maxBytes: number
  /** Bytes that may wait for the commit under way. An addition larger than that waits only alone. */
  readonly maxQueuedBytes: number
  /** One at a time. What it rejects with is what every addition of the group rejects with. */
  readonly commit: (items: readonly T[]) => Promise<void>
}

export interface GroupCommit<T> {
  /**
   * Resolves when these items are committed. Rejects when they are not, or may not be; as well
   * when too much waits already, and once closed.
   */
  add(items: readonly T[], bytes: number): Promise<void>
  /** Resolves when what waits is committed or refused; nothing is added from now on. */
  close(): Promise<void>
}

interface Waiting<T> {
  readonly items: readonly T[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** While one group is committed, further items gather, and the next takes as many as it may. */
export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  let waiting: Waiting<T>[] = []
  let waitingBytes = 0
  let committing: Promise<void> | undefined
  let closed = false

  return { add, close }

  async function add(items: readonly T[], bytes: number): Promise<void> {
    if (closed) throw new Error('the dead-letter store is closed')
    if (waitingBytes > 0 && waitingBytes + bytes > options.maxQueuedBytes) {
      throw new Error('too many dead letters wait to be stored')
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    waiting.push({ items, bytes, resolve, reject })
    waitingBytes += bytes
    committing ??= commitGroups()
    return promise
  }

  async function close(): Promise<void> {
    closed = true
    await committing
  }

  async function commitGroups(): Promise<void> {
    while (waiting.length > 0) await commitGroup(takeGroup())
    committing = undefined
  }

  function takeGroup(): Waiting<T>[] {
    const size = sizeOfGroup()
    const group = waiting.slice(0, size)
    waiting = waiting.slice(size)
    waitingBytes = waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    return group
  }

  function sizeOfGroup(): number {
    let count = 0
    let size = 0
    const past = waiting.findIndex(({ items, bytes }) => {
      count += items.length
      size += bytes
      return count > options.maxItems || size > options.maxBytes
    })
    return past === -1 ? waiting.length : Math.max(1, past)
  }

  async function commitGroup(group: readonly Waiting<T>[]): Promise<void> {
    try {
      await options.commit(group.flatMap(({ items }) => items))
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}

import type { Clock } from './clock.ts'

/** A memory that forgets: by age, and the oldest first when it holds too many bytes. */
export interface ExpiringMap<Value> {
  remember(key: string, value: Value, bytes: number): void
  /** What is remembered and not yet expired. */
  recall(key: string): Value | undefined
  forget(key: string): void
}

interface Memory<Value> {
  readonly key: string
  /** None once it is forgotten: the queue may hold on to the rest for longer. */
  value: Value | undefined
  readonly bytes: number
  readonly until: number
}

/** Places in the queue that may be spent before it is tidied. */
const SLACK = 64

/** All entries live equally long, so that the order of insertion is the order of expiry. */
export function createExpiringMap<Value>(
  options: { readonly lifetimeMs: number; readonly maxBytes: number },
  clock: Clock,
): ExpiringMap<Value> {
  const memories = new Map<string, Memory<Value>>()
  /** Oldest first, from `head`. A Map itself walks over all that it has deleted to find its first. */
  let queue: Memory<Value>[] = []
  let head = 0
  let held = 0

  return { remember, recall, forget }

  function remember(key: string, value: Value, bytes: number): void {
    forget(key)
    const now = clock.monotonic()
    const memory = { key, value, bytes, until: now + options.lifetimeMs }
    memories.set(key, memory)
    queue.push(memory)
    held += bytes
    forgetOldest(now)
  }

  function forgetOldest(now: number): void {
    for (let oldest = queue[head]; oldest; oldest = queue[head]) {
      if (isCurrent(oldest)) {
        if (oldest.until > now && held <= options.maxBytes) break
        forget(oldest.key)
      }
      head += 1
    }
    if (queue.length <= 2 * memories.size + SLACK) return
    queue = queue.slice(head).filter(isCurrent)
    head = 0
  }

  function isCurrent({ value }: Memory<Value>): boolean {
    return value !== undefined
  }

  function recall(key: string): Value | undefined {
    const memory = memories.get(key)
    if (memory && memory.until > clock.monotonic()) return memory.value
    return undefined
  }

  function forget(key: string): void {
    const memory = memories.get(key)
    if (!memory) return
    memories.delete(key)
    memory.value = undefined
    held -= memory.bytes
  }
}

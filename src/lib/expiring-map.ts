import type { Clock } from './clock.ts'

/** A map whose entries expire. The oldest go first when it holds too many bytes. */
export interface ExpiringMap<Value> {
  remember(key: string, value: Value, bytes: number): void
  /** Returns the value of the key if it has not expired. */
  recall(key: string): Value | undefined
  forget(key: string): void
}

interface Memory<Value> {
  readonly key: string
  /**
   * The value; `undefined` once it is forgotten, because the queue may hold the rest for longer.
   */
  value: Value | undefined
  readonly bytes: number
  readonly until: number
}

/** The spent places that the queue may have before it is copied. */
const SLACK = 64

/**
 * Makes an empty map. All entries live equally long, so the order of insertion is the order of
 * expiry.
 */
export function createExpiringMap<Value>(
  options: { readonly lifetimeMs: number; readonly maxBytes: number },
  clock: Clock,
): ExpiringMap<Value> {
  const memories = new Map<string, Memory<Value>>()
  /**
   * The entries from `head` on, oldest first. A Map would walk over all its deleted entries to find
   * the first.
   */
  let queue: Memory<Value>[] = []
  let head = 0
  let held = 0

  return { remember, recall, forget }

  function remember(key: string, value: Value, bytes: number): void {
    if (memories.has(key)) forget(key)
    const now = clock.monotonic()
    const memory = { key, value, bytes, until: now + options.lifetimeMs }
    memories.set(key, memory)
    queue.push(memory)
    held += bytes
    forgetOldest(now)
  }

  function forgetOldest(now: number): void {
    for (let oldest = queue[head]; oldest; oldest = queue[head]) {
      if (oldest.value !== undefined) {
        if (oldest.until > now && held <= options.maxBytes) break
        forget(oldest.key)
      }
      head += 1
    }
    if (queue.length <= 2 * memories.size + SLACK) return
    queue = queue.slice(head).filter(({ value }) => value !== undefined)
    head = 0
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

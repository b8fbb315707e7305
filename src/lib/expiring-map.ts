import type { Clock } from './clock.ts'
import { createExpiryQueue, type Expiring, OVER } from './expiry-queue.ts'

/** A map whose entries expire. The oldest go first when it holds too many bytes. */
export interface ExpiringMap<Value> {
  remember(key: string, value: Value, bytes: number): void
  /** Returns the value of the key if it has not expired. */
  recall(key: string): Value | undefined
  forget(key: string): void
}

interface Memory<Value> extends Expiring {
  readonly key: string
  /** The value; `undefined` once it is forgotten. */
  value: Value | undefined
}

/** Makes an empty map. All entries live equally long. */
export function createExpiringMap<Value>(
  options: { readonly lifetimeMs: number; readonly maxBytes: number },
  clock: Clock,
): ExpiringMap<Value> {
  const memories = new Map<string, Memory<Value>>()
  const queue = createExpiryQueue<Memory<Value>>({ ...options, left: letGo }, clock)

  return { remember, recall, forget }

  function remember(key: string, value: Value, bytes: number): void {
    forget(key)
    const memory = { key, value, bytes, until: OVER }
    memories.set(key, memory)
    queue.add(memory)
  }

  function recall(key: string): Value | undefined {
    const memory = memories.get(key)
    return memory && memory.until > clock.monotonic() ? memory.value : undefined
  }

  function forget(key: string): void {
    const memory = memories.get(key)
    if (!memory) return
    queue.remove(memory)
    letGo(memory)
  }

  function letGo(memory: Memory<Value>): void {
    memories.delete(memory.key)
    memory.value = undefined
  }
}

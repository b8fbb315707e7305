import type { Clock } from './clock.ts'

/** An entry of an expiry queue. Only the queue changes it. */
export interface Expiring {
  readonly bytes: number
  /** The monotonic ms at which it expires; `OVER` once it has left the queue. */
  until: number
}

/** The `until` of an entry that no queue holds. */
export const OVER = Number.NEGATIVE_INFINITY

/** Entries that live equally long, so the order in which they came is the order of their expiry. */
export interface ExpiryQueue<Entry extends Expiring> {
  /** Adds an entry. The oldest leave when they have expired, or when all have too many bytes. */
  add(entry: Entry): void
  /** Takes an entry out that has not left yet. */
  remove(entry: Entry): void
}

export interface ExpiryOptions<Entry extends Expiring> {
  readonly lifetimeMs: number
  /** The most bytes of all entries. A larger entry leaves at once. */
  readonly maxBytes: number
  /**
   * Called when an entry has left by itself. The queue may hold the entry for longer: it should then
   * refer to nothing large.
   */
  readonly left: (entry: Entry) => void
}

/** The spent places that a queue may have before it is copied. */
const SLACK = 64

/** Makes an empty queue. */
export function createExpiryQueue<Entry extends Expiring>(
  { lifetimeMs, maxBytes, left }: ExpiryOptions<Entry>,
  clock: Pick<Clock, 'monotonic'>,
): ExpiryQueue<Entry> {
  /**
   * The entries from `head` on, oldest first. A Map would walk over all its deleted entries to find
   * the first.
   */
  let queue: Entry[] = []
  let head = 0
  let entries = 0
  let bytes = 0

  return { add, remove }

  function add(entry: Entry): void {
    const now = clock.monotonic()
    entry.until = now + lifetimeMs
    queue.push(entry)
    entries += 1
    bytes += entry.bytes
    dropOldest(now)
  }

  function dropOldest(now: number): void {
    for (let oldest = queue[head]; oldest; oldest = queue[head]) {
      if (oldest.until > now && bytes <= maxBytes) break
      if (oldest.until !== OVER) {
        remove(oldest)
        left(oldest)
      }
      head += 1
    }
    if (queue.length <= 2 * entries + SLACK) return
    queue = queue.slice(head).filter(({ until }) => until !== OVER)
    head = 0
  }

  function remove(entry: Entry): void {
    entry.until = OVER
    entries -= 1
    bytes -= entry.bytes
  }
}

/** A first-in, first-out queue, in constant time at any length. */
export interface Fifo<T> {
  push(item: T): void
  shift(): T | undefined
  readonly size: number
}

/** Creates a queue of `items`, an array that the caller must not use any more. */
export function createFifo<T>(items: T[] = []): Fifo<T> {
  let incoming: T[] = []
  /** In reverse order: the next item is the last. */
  let outgoing = items.reverse()

  return {
    push: (item) => void incoming.push(item),
    shift() {
      if (outgoing.length === 0) {
        outgoing = incoming.reverse()
        incoming = []
      }
      return outgoing.pop()
    },
    get size() {
      return incoming.length + outgoing.length
    },
  }
}

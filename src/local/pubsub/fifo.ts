/** First in, first out, in constant time however long it gets. */
export interface Fifo<T> {
  push(item: T): void
  shift(): T | undefined
  readonly size: number
}

/** Starts with `items`, which it keeps for itself. */
export function createFifo<T>(items: T[] = []): Fifo<T> {
  let incoming: T[] = []
  /** The next one last. */
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

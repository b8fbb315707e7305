/** The bytes of one body in a byte budget. */
export interface BodyBytes {
  /**
   * Counts bytes that are about to arrive. Returns `false` and changes nothing when more than half
   * of the budget would be counted then.
   */
  tryAdd(bytes: number): boolean
  /** Gives all bytes back. It may be called more than once. Nothing is counted afterwards. */
  release(): void
}

/** The bytes of one message in a byte budget. */
export interface MessageBytes {
  /** Counts bytes that are in memory already. Never waits. */
  add(bytes: number): void
  /** Gives back bytes that were added. */
  giveBack(bytes: number): void
  /**
   * Waits its turn for bytes that are about to be made. Resolves with whether they may be made:
   * `false` when `wanted` returned `false` by then. A reservation larger than the free bytes is
   * granted alone.
   */
  reserve(bytes: number, wanted: () => boolean): Promise<boolean>
  /**
   * Reserves these bytes at once, in place of the earlier reservation, if they fit or would be
   * granted alone, and no other message waits. Otherwise returns `false` and changes nothing.
   */
  tryReserve(bytes: number): boolean
  /** Counts the bytes that were really made in place of the reserved ones. */
  commit(bytes: number): void
  /** Ends the reservation. It must end before the message reserves again. */
  cancel(): void
  /** Gives all bytes back. It may be called more than once. Nothing is counted afterwards. */
  release(): void
}

/** The bytes that the process holds at once: bodies, decoded text, queued events. */
export interface ByteBudget {
  openMessage(): MessageBytes
  openBody(): BodyBytes
  /**
   * Returns the bytes that are counted and reserved at this moment. They may exceed the budget,
   * because `add` never waits.
   */
  held(): number
  /** Calls `task` each time that bytes are asked for and do not fit. */
  onShortage(task: () => void): void
}

interface Waiter {
  readonly bytes: number
  readonly wanted: () => boolean
  readonly answer: (granted: boolean) => void
}

/**
 * The share of bytes that are not reserved, most of them bodies. The rest of the budget is for the
 * text and events that are made of them.
 */
const COUNTED_SHARE = 1 / 2

/**
 * Makes a byte budget. Reservations are granted in the order in which they were asked for: at once
 * when they fit, otherwise as soon as no other message has reserved bytes, or bytes made from a
 * reservation. So the messages that wait hold only their bodies, and never wait for each other.
 */
export function createByteBudget(maxBytes: number): ByteBudget {
  const waiters: Waiter[] = []
  let held = 0
  /** The part of `held` that was not reserved. */
  let counted = 0
  let reservations = 0
  let reportShortage = (): void => {}

  return { openMessage, openBody, held: () => held, onShortage }

  function onShortage(task: () => void): void {
    reportShortage = task
  }

  function openBody(): BodyBytes {
    let added = 0
    let released = false

    return { tryAdd, release }

    function tryAdd(bytes: number): boolean {
      if (counted + bytes > maxBytes * COUNTED_SHARE) {
        reportShortage()
        return false
      }
      if (released) return true
      added += bytes
      count(bytes)
      return true
    }

    function release(): void {
      released = true
      count(-added)
      added = 0
      admit()
    }
  }

  function openMessage(): MessageBytes {
    let added = 0
    let reserved = 0
    let released = false

    return { add, giveBack, reserve, tryReserve, commit, cancel, release }

    function add(bytes: number): void {
      if (released) return
      added += bytes
      count(bytes)
    }

    function giveBack(bytes: number): void {
      add(-bytes)
      admit()
    }

    function reserve(bytes: number, isWanted: () => boolean): Promise<boolean> {
      return new Promise((resolve) => {
        const answer = (granted: boolean): void => {
          if (granted) setReserved(bytes)
          resolve(granted)
        }
        waiters.push({ bytes, wanted: () => !released && isWanted(), answer })
        admit()
        if (waiters.length > 0) reportShortage()
      })
    }

    function tryReserve(bytes: number): boolean {
      const others = reservations - Math.sign(reserved)
      const fits = others === 0 || held - reserved + bytes <= maxBytes
      if (released || waiters.length > 0 || !fits) return false
      setReserved(bytes)
      return true
    }

    function commit(bytes: number): void {
      if (released) return
      setReserved(bytes)
      admit()
    }

    function cancel(): void {
      commit(0)
    }

    function release(): void {
      if (released) return
      released = true
      count(-added)
      setReserved(0)
      admit()
    }

    function setReserved(bytes: number): void {
      held += bytes - reserved
      reservations += Math.sign(bytes) - Math.sign(reserved)
      reserved = bytes
    }
  }

  function count(bytes: number): void {
    counted += bytes
    held += bytes
  }

  function admit(): void {
    for (let next = waiters[0]; next !== undefined; next = waiters[0]) {
      const isWanted = next.wanted()
      if (isWanted && reservations > 0 && held + next.bytes > maxBytes) return
      waiters.shift()
      next.answer(isWanted)
    }
  }
}

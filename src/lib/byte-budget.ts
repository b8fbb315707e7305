/** What one body takes of a byte budget. */
export interface Room {
  /**
   * Counts bytes that are about to arrive, or answers `false` when half of the budget would be
   * counted then, and changes nothing.
   */
  tryAdd(bytes: number): boolean
  /** Gives everything back. May be called more than once; nothing is counted afterwards. */
  release(): void
}

/** What one message holds of a byte budget. */
export interface Hold {
  /** Counts bytes that are in memory already. Never waits. */
  add(bytes: number): void
  /** Gives back bytes that were added. */
  giveBack(bytes: number): void
  /**
   * Waits its turn for bytes about to be made, and resolves with whether they may be: `false`
   * when `wanted` said no by then. A reservation larger than what is free is granted alone.
   */
  reserve(bytes: number, wanted: () => boolean): Promise<boolean>
  /**
   * Reserves these bytes at once, in place of what was reserved, if they fit or would be granted
   * alone, and nobody waits. Otherwise answers `false` and changes nothing.
   */
  tryReserve(bytes: number): boolean
  /**
   * Counts what was really made in place of what was reserved; 0 ends the reservation, and must
   * before the hold reserves again.
   */
  keep(bytes: number): void
  /** Gives everything back. May be called more than once; nothing is counted afterwards. */
  release(): void
}

/** The bytes the process holds at once: bodies, decoded text, queued events. */
export interface ByteBudget {
  open(): Hold
  openRoom(): Room
  /** Bytes counted and reserved at this moment. May exceed the budget: `add` never waits. */
  held(): number
}

interface Waiter {
  readonly bytes: number
  readonly wanted: () => boolean
  readonly answer: (granted: boolean) => void
}

/** What was not reserved, bodies above all, leaves as much room for what is made of it. */
const COUNTED_SHARE = 1 / 2

/**
 * `wanted` is told when there is no room for what is asked for. Reservations are granted in the order they were asked for: at once when they fit, otherwise as
 * soon as no other hold has anything reserved, or made of a reservation. So those who wait hold
 * nothing but bodies, and never wait for each other.
 */
export function createByteBudget(maxBytes: number, wanted: () => void = () => {}): ByteBudget {
  const waiters: Waiter[] = []
  let held = 0
  /** Of what is held: all that was not reserved. */
  let counted = 0
  let reservations = 0

  return { open, openRoom, held: () => held }

  function openRoom(): Room {
    let added = 0
    let released = false

    return { tryAdd, release }

    function tryAdd(bytes: number): boolean {
      if (counted + bytes > maxBytes * COUNTED_SHARE) {
        wanted()
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

  function open(): Hold {
    let added = 0
    let reserved = 0
    let released = false

    return { add, giveBack, reserve, tryReserve, keep, release }

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
        if (waiters.length > 0) wanted()
      })
    }

    function tryReserve(bytes: number): boolean {
      const others = reservations - Math.sign(reserved)
      const fits = others === 0 || held - reserved + bytes <= maxBytes
      if (released || waiters.length > 0 || !fits) return false
      setReserved(bytes)
      return true
    }

    function keep(bytes: number): void {
      if (released) return
      setReserved(bytes)
      admit()
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

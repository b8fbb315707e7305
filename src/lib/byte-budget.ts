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

/** The state of a byte budget. */
interface Pool {
  readonly maxBytes: number
  readonly waiters: Waiter[]
  /** The bytes that were not reserved. */
  counted: number
  reserved: number
  reservations: number
  reportShortage: () => void
}

/**
 * Makes a byte budget. Reservations are granted in the order in which they were asked for: at once
 * when they fit, otherwise as soon as no other message has reserved bytes, or bytes made from a
 * reservation. So the messages that wait hold only their bodies, and never wait for each other.
 */
export function createByteBudget(maxBytes: number): ByteBudget {
  const pool: Pool = {
    maxBytes,
    waiters: [],
    counted: 0,
    reserved: 0,
    reservations: 0,
    reportShortage: () => {},
  }
  const open = () => new CountedBytes(pool)
  return {
    openMessage: open,
    openBody: open,
    held: () => heldBy(pool),
    onShortage(task) {
      pool.reportShortage = task
    },
  }
}

/** It is a class, because each body and each message has one while its push waits (decision 14). */
class CountedBytes implements BodyBytes, MessageBytes {
  private readonly pool: Pool
  private added = 0
  private reserved = 0
  private released = false

  constructor(pool: Pool) {
    this.pool = pool
  }

  tryAdd(bytes: number): boolean {
    const { pool } = this
    if (pool.counted + bytes > pool.maxBytes * COUNTED_SHARE) {
      pool.reportShortage()
      return false
    }
    this.add(bytes)
    return true
  }

  add(bytes: number): void {
    if (this.released) return
    this.added += bytes
    this.pool.counted += bytes
  }

  giveBack(bytes: number): void {
    this.add(-bytes)
    admit(this.pool)
  }

  reserve(bytes: number, isWanted: () => boolean): Promise<boolean> {
    const { pool } = this
    return new Promise((resolve) => {
      const answer = (granted: boolean): void => {
        if (granted) this.setReserved(bytes)
        resolve(granted)
      }
      pool.waiters.push({ bytes, wanted: () => !this.released && isWanted(), answer })
      admit(pool)
      if (pool.waiters.length > 0) pool.reportShortage()
    })
  }

  tryReserve(bytes: number): boolean {
    const { pool } = this
    const others = pool.reservations - Math.sign(this.reserved)
    const fits = others === 0 || heldBy(pool) - this.reserved + bytes <= pool.maxBytes
    if (this.released || pool.waiters.length > 0 || !fits) return false
    this.setReserved(bytes)
    return true
  }

  commit(bytes: number): void {
    if (this.released) return
    this.setReserved(bytes)
    admit(this.pool)
  }

  cancel(): void {
    this.commit(0)
  }

  release(): void {
    if (this.released) return
    this.released = true
    const { pool } = this
    pool.counted -= this.added
    pool.reserved -= this.reserved
    pool.reservations -= Math.sign(this.reserved)
    if (pool.waiters.length > 0) admit(pool)
  }

  private setReserved(bytes: number): void {
    const { pool } = this
    pool.reserved += bytes - this.reserved
    pool.reservations += Math.sign(bytes) - Math.sign(this.reserved)
    this.reserved = bytes
  }
}

function heldBy({ counted, reserved }: Pool): number {
  return counted + reserved
}

/** Grants the reservations that fit, in order. */
function admit(pool: Pool): void {
  const { waiters } = pool
  for (let next = waiters[0]; next !== undefined; next = waiters[0]) {
    const isWanted = next.wanted()
    if (isWanted && pool.reservations > 0 && heldBy(pool) + next.bytes > pool.maxBytes) return
    waiters.shift()
    next.answer(isWanted)
  }
}

/** A count of the last minute, to the second. Instants are monotonic ms. */
export interface LastMinute {
  add(amount: number, now: number): void
  perSecond(now: number): number
}

const SLOTS = 60

/** Makes a ring of seconds. A second is forgotten when it is a minute old. */
export function createLastMinute(startAt: number): LastMinute {
  const slots = new Array<number>(SLOTS).fill(0)
  let second = Math.floor(startAt / 1_000)
  let total = 0

  return { add, perSecond }

  function add(amount: number, now: number): void {
    turnTo(now)
    const slot = second % SLOTS
    slots[slot] = (slots[slot] ?? 0) + amount
    total += amount
  }

  function perSecond(now: number): number {
    turnTo(now)
    return total / SLOTS
  }

  function turnTo(now: number): void {
    const to = Math.floor(now / 1_000)
    // After a pause of a minute and more, each slot is emptied once.
    for (second = Math.max(second, to - SLOTS); second < to; empty(second % SLOTS)) second += 1
  }

  function empty(slot: number): void {
    total -= slots[slot] ?? 0
    slots[slot] = 0
  }
}

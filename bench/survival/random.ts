/** Random numbers from a seed: the same seed gives the same sequence. */
export interface Random {
  /** At least 0 and less than 1. */
  next(): number
  /** A whole number, at least 0 and less than `below`. */
  int(below: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** A separate sequence, independent of later draws from this one. */
  fork(): Random
}

/** Creates Mulberry32, with 32 bits of state: good enough to shuffle faults. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0

  return { next, int, chance: (probability) => next() < probability, pick, fork }

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  function int(below: number): number {
    return Math.floor(next() * below)
  }

  function pick<T>(list: readonly T[]): T {
    const [picked] = list.slice(int(list.length))
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }

  function fork(): Random {
    return createRandom(int(2 ** 32))
  }
}

/**
 * Returns the place of a text, from 1, among the equal texts so far. A text takes some 30 bytes,
 * however long it is.
 */
export type NextOrdinal = (text: string) => number

const FIRST_SIZE = 16
const FULL_SHARE = 2 / 3

/**
 * Counts equal texts. Texts are compared by 53 bits. Among a million, the odds that two different
 * ones count as equal are 1 in 18,000. The second one then has a higher ordinal than it would have,
 * and still no two events have the same.
 */
export function createOrdinals(): NextOrdinal {
  /** The keys of an open hash table; 0 is a free place. */
  let keys = new Float64Array()
  let counts = new Uint32Array()
  let used = 0
  /** The first text. Most messages hold one event, and need no table. */
  let first: string | undefined

  return function nextOrdinal(text) {
    if (first === undefined) {
      first = text
      return 1
    }
    if (used === 0) add(first)
    return add(text)
  }

  function add(text: string): number {
    if (used >= keys.length * FULL_SHARE) grow()
    const key = fingerprintOf(text)
    const place = findPlace(key)
    if (keys[place] === 0) used += 1
    keys[place] = key
    const count = (counts[place] ?? 0) + 1
    counts[place] = count
    return count
  }

  function findPlace(key: number): number {
    let place = key % keys.length
    while (keys[place] !== 0 && keys[place] !== key) place = (place + 1) % keys.length
    return place
  }

  function grow(): void {
    const [oldKeys, oldCounts] = [keys, counts]
    const size = Math.max(FIRST_SIZE, 2 * oldKeys.length)
    keys = new Float64Array(size)
    counts = new Uint32Array(size)
    for (const [index, key] of oldKeys.entries()) {
      if (key === 0) continue
      const place = findPlace(key)
      keys[place] = key
      counts[place] = oldCounts[index] ?? 0
    }
  }
}

/** Hashes a text with cyrb53 (https://github.com/bryc/code, public domain), never to 0. */
function fingerprintOf(text: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    high = Math.imul(high ^ char, 2654435761)
    low = Math.imul(low ^ char, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0) + 1
}

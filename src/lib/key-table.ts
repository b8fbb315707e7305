import { hash } from 'node:crypto'

/**
 * A growing table of keys with marks. It holds a digest of 96 bits for each key: a million keys
 * take some 20 MiB.
 */
export interface KeyTable {
  /** Adds a mark, a power of two up to 128, to a key. Returns the marks that the key had before. */
  mark(key: string, mark: number): number
  /** Returns the marks of a key, added up; 0 for an unknown key. */
  marksOf(key: string): number
}

type Digest = readonly [number, number, number]

interface Slots {
  /** Three words for each slot. */
  readonly words: Uint32Array
  /** The marks of each slot; 0 for a free one. */
  readonly marks: Uint8Array
  taken: number
}

/** The number of parts of a table. One part grows at a time, so little is in memory twice. */
const PARTS = 64
const FIRST_SLOTS = 64
/** The share of slots that may be taken. */
const MOST_TAKEN = 0.8
const GROWTH = 1.4

/** Makes an empty table. */
export function createKeyTable(): KeyTable {
  const parts = Array.from({ length: PARTS }, () => makeSlots(FIRST_SLOTS))

  return { mark, marksOf }

  function mark(key: string, added: number): number {
    const digest = digestOf(key)
    const part = partOf(digest)
    const before = part.marks[findSlot(part, digest)] ?? 0
    setMarks(part, digest, before | added)
    if (part.taken > part.marks.length * MOST_TAKEN) parts[digest[2] % PARTS] = enlarged(part)
    return before
  }

  function marksOf(key: string): number {
    const digest = digestOf(key)
    const part = partOf(digest)
    return part.marks[findSlot(part, digest)] ?? 0
  }

  function partOf(digest: Digest): Slots {
    return parts[digest[2] % PARTS] ?? makeSlots(FIRST_SLOTS)
  }
}

function makeSlots(count: number): Slots {
  return { words: new Uint32Array(count * 3), marks: new Uint8Array(count), taken: 0 }
}

function digestOf(key: string): Digest {
  // Digits are made three times as fast as a buffer.
  const digits = hash('sha256', key, 'hex')
  return [wordAt(digits, 0), wordAt(digits, 8), wordAt(digits, 16)]
}

function wordAt(digits: string, from: number): number {
  return Number.parseInt(digits.slice(from, from + 8), 16)
}

/** Returns the slot of a digest, or the free slot where it belongs. */
function findSlot({ words, marks }: Slots, [one, two, three]: Digest): number {
  let at = one % marks.length
  while (marks[at] !== 0) {
    const word = at * 3
    if (words[word] === one && words[word + 1] === two && words[word + 2] === three) break
    at = (at + 1) % marks.length
  }
  return at
}

function setMarks(slots: Slots, digest: Digest, marks: number): void {
  const at = findSlot(slots, digest)
  if (slots.marks[at] === 0) slots.taken += 1
  slots.words.set(digest, at * 3)
  slots.marks[at] = marks
}

function enlarged(slots: Slots): Slots {
  const grown = makeSlots(Math.ceil(slots.marks.length * GROWTH))
  for (const [from, marks] of slots.marks.entries()) {
    if (marks === 0) continue
    const [one = 0, two = 0, three = 0] = slots.words.subarray(from * 3, from * 3 + 3)
    setMarks(grown, [one, two, three], marks)
  }
  return grown
}

import type { Place } from '../model/event.ts'

/** The places of the lines of a text, in order. They take 12 bytes a line. */
export interface Places {
  add(number: number, start: number, end: number): void
  count(): number
  /** Returns the longest of them; one without length when there is none. */
  longest(): Place
  at(index: number): Place
}

const FIELDS = 3
const FIRST_SIZE = 8 * FIELDS
const NO_FIELDS = new Uint32Array()
const NO_PLACE: Place = { number: 0, start: 0, end: 0 }

export function createPlaces(): Places {
  let used = 0
  let longest = NO_PLACE
  /** Most messages hold one line. It needs no table. */
  let first = NO_PLACE
  let fields = NO_FIELDS

  return { add, at, count: () => used, longest: () => longest }

  function add(number: number, start: number, end: number): void {
    if (used === 0) first = { number, start, end }
    else write(number, start, end)
    used += 1
    if (end - start > longest.end - longest.start) longest = at(used - 1)
  }

  function at(index: number): Place {
    if (index === 0) return first
    const from = index * FIELDS
    return { number: fields[from] ?? 0, start: fields[from + 1] ?? 0, end: fields[from + 2] ?? 0 }
  }

  function write(number: number, start: number, end: number): void {
    const from = used * FIELDS
    if (from >= fields.length) grow()
    fields[from] = number
    fields[from + 1] = start
    fields[from + 2] = end
  }

  function grow(): void {
    const old = fields
    fields = new Uint32Array(Math.max(FIRST_SIZE, 2 * old.length))
    fields.set(old)
  }
}

/**
 * Returns the places, with the values that were parsed to find them. Each value is returned once:
 * it must not be held while its event is under way, and the transform may have changed it. The
 * iterator is made by hand, because a generator for each message costs as much as parsing it.
 */
export function linesOf(places: Places, known: readonly unknown[], rest?: Place): Iterable<Place> {
  let values = known
  return {
    [Symbol.iterator]() {
      const parsed = values
      values = []
      let index = 0
      return { next }

      function next(): IteratorResult<Place> {
        const place = index < places.count() ? places.at(index) : restAt(index)
        if (!place) return { done: true, value: undefined }
        const isKnown = index < parsed.length
        index += 1
        if (!isKnown) return { done: false, value: place }
        return {
          done: false,
          value: { ...place, parsed: { kind: 'json', value: parsed[index - 1] } },
        }
      }
    },
  }

  function restAt(index: number): Place | undefined {
    return index === places.count() ? rest : undefined
  }
}

import type { Place } from '../model/event.ts'

/** The places of the lines of a text, in order. They take 12 bytes a line. */
export interface Places {
  add(number: number, start: number, end: number): void
  readonly count: number
  /** Returns the longest of them; one without length when there is none. */
  longest(): Place
  at(index: number): Place
}

const FIELDS = 3
const FIRST_SIZE = 8 * FIELDS

export function createPlaces(): Places {
  let fields = new Uint32Array(FIRST_SIZE)
  let used = 0
  let longest: Place = { number: 0, start: 0, end: 0 }

  return {
    add,
    at,
    get count() {
      return used / FIELDS
    },
    longest: () => longest,
  }

  function add(number: number, start: number, end: number): void {
    if (used === fields.length) grow()
    fields[used] = number
    fields[used + 1] = start
    fields[used + 2] = end
    used += FIELDS
    if (end - start > longest.end - longest.start) longest = { number, start, end }
  }

  function at(index: number): Place {
    const from = index * FIELDS
    return { number: fields[from] ?? 0, start: fields[from + 1] ?? 0, end: fields[from + 2] ?? 0 }
  }

  function grow(): void {
    const old = fields
    fields = new Uint32Array(2 * old.length)
    fields.set(old)
  }
}

/**
 * Returns the places, with the values that were parsed to find them. Each value is returned once:
 * it must not be held while its event is under way, and the transform may have changed it.
 */
export function linesOf(places: Places, known: readonly unknown[], rest?: Place): Iterable<Place> {
  let values = known
  return {
    *[Symbol.iterator]() {
      const parsed = values
      values = []
      for (let index = 0; index < places.count; index += 1) {
        const place = places.at(index)
        if (index >= parsed.length) yield place
        else yield { ...place, parsed: { kind: 'json', value: parsed[index] } }
      }
      if (rest) yield rest
    },
  }
}

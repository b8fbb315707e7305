/** What is under way, by its key. */
export interface EmptiedMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  values(): Iterable<Value>
}

/**
 * A Map that lets go of what is deleted. V8's does not at once: each time its table is made anew,
 * the old one keeps all that was in it, and dead tables in the old generation keep each other.
 * Where much comes and goes that is all that ever was there, until the next major collection.
 */
export function createEmptiedMap<Value extends object>(): EmptiedMap<Value> {
  const places = new Map<string, { value: Value | undefined }>()

  return {
    get: (key) => places.get(key)?.value,
    set: (key, value) => void places.set(key, { value }),
    delete(key) {
      const place = places.get(key)
      if (place) place.value = undefined
      places.delete(key)
    },
    *values() {
      for (const { value } of places.values()) if (value) yield value
    },
  }
}

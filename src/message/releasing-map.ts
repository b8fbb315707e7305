/** The values in use, by key. */
export interface ReleasingMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  values(): Iterable<Value>
}

/**
 * Makes a Map that releases deleted values. V8's own does not at once: each time its table is
 * rebuilt, the old table keeps its entries, and dead tables in the old generation keep each other.
 * With many entries that come and go, all of them stay in memory until the next major collection.
 */
export function createReleasingMap<Value extends object>(): ReleasingMap<Value> {
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

import type { Row } from './row-store.ts'

/** Leaves out of some rows what is to be left out. */
export interface Withheld {
  /** The first `imported` of the rows. */
  first(rows: readonly Row[], imported: number): readonly Row[]
  /** As `first`, and with them the rows whose insert ids were withheld before, by either. */
  firstOrKnown(rows: readonly Row[], imported: number): readonly Row[]
  clear(): void
}

/** Remembers, by their insert ids, what it has left out. */
export function createWithheld(): Withheld {
  const known = new Set<string>()

  return { first, firstOrKnown, clear: () => known.clear() }

  function first(rows: readonly Row[], imported: number): readonly Row[] {
    for (const { insertId } of rows.slice(imported)) known.add(insertId)
    return rows.slice(0, imported)
  }

  function firstOrKnown(rows: readonly Row[], imported: number): readonly Row[] {
    const fresh = rows.filter(({ insertId }) => !known.has(insertId))
    const kept = new Set(first(fresh, imported))
    const left = new Set(fresh.filter((row) => !kept.has(row)))
    return rows.filter((row) => !left.has(row))
  }
}

import type { Row } from './row-store.ts'

/** Leaves some rows out, and remembers them. */
export interface Withheld {
  /** Returns the first `imported` of the rows. */
  first(rows: readonly Row[], imported: number): readonly Row[]
  /** Returns all rows that were left out before, and the first `imported` of the others. */
  firstOrKnown(rows: readonly Row[], imported: number): readonly Row[]
  clear(): void
}

/** Creates a memory of the insert ids that are left out. */
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

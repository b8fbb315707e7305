import type { Site } from './expression-error.ts'
import { isKeyed, KIND_WORDS, kindOf } from './kinds.ts'
import { isOfTypes, truthOf } from './logic.ts'
import { type At, listingWork, type Part, type Run, spend } from './part.ts'

/** A macro over the elements of a list, or over the keys of an object. */
export interface Macro {
  /** The result for null. */
  readonly ofNull: unknown
  /** The number of arguments after the variable. */
  readonly bodies: number
  run(items: readonly unknown[], turn: Turn): unknown
}

interface Turn extends At {
  /** Sets the variable to an element, and works out a body of the macro. */
  take(body: number, item: unknown): unknown
}

export const MACROS: Readonly<Record<string, readonly Macro[]>> = {
  all: [{ ofNull: false, bodies: 1, run: (items, turn) => quantify(items, turn, false) }],
  exists: [{ ofNull: false, bodies: 1, run: (items, turn) => quantify(items, turn, true) }],
  exists_one: [{ ofNull: false, bodies: 1, run: (items, turn) => kept(items, turn).length === 1 }],
  filter: [{ ofNull: null, bodies: 1, run: kept }],
  map: [
    { ofNull: null, bodies: 1, run: (items, turn) => items.map((item) => turn.take(0, item)) },
    {
      ofNull: null,
      bodies: 2,
      run: (items, turn) => kept(items, turn).map((item) => turn.take(1, item)),
    },
  ],
}

/** Makes the run of a macro. `depth` is the place of its variable among the locals. */
export function macroRun(
  macro: Macro,
  [list, ...bodies]: readonly [Part, ...Part[]],
  { depth, work, site }: { readonly depth: number; readonly work: number; readonly site: Site },
): Run {
  return function loop(frame) {
    const value = list.run(frame)
    if (value === null) return macro.ofNull
    return macro.run(itemsOf(value, { frame, site }), { frame, site, take })

    function take(body: number, item: unknown): unknown {
      spend(frame, work, site)
      frame.locals[depth] = item
      return bodies[body]?.run(frame)
    }
  }
}

function itemsOf(value: unknown, { frame, site }: At): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (isKeyed(value)) {
    const keys = Object.keys(value)
    spend(frame, listingWork(keys.length), site)
    return keys
  }
  throw site.error(`a list or an object is due here, and this is ${KIND_WORDS[kindOf(value)]}`)
}

/** As in CEL, an error of one element does not count when another one decides. */
function quantify(items: readonly unknown[], turn: Turn, decisive: boolean): boolean {
  let first: { readonly error: unknown } | undefined
  for (const item of items) {
    try {
      if (truthOf(turn.take(0, item), turn.site) === decisive) return decisive
    } catch (error) {
      if (!isOfTypes(error, turn)) throw error
      first ??= { error }
    }
  }
  if (first !== undefined) throw first.error
  return !decisive
}

function kept(items: readonly unknown[], turn: Turn): unknown[] {
  return items.filter((item) => truthOf(turn.take(0, item), turn.site))
}

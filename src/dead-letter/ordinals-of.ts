import type { Line } from '../model/event.ts'
import type { Journey } from '../model/journey.ts'

/** The places of lines among those equal to them, from 2; the first of them are left out. */
export type Ordinals = ReadonlyMap<Line, number>

/**
 * Tells apart the rejected lines of a message that are equal, as content ids do: alone in a
 * message of its own, each would be the first. Lines no rejected one can be equal to are not read.
 */
export function ordinalsOf(rejected: readonly Journey[], all: readonly Journey[]): Ordinals {
  const lengths = new Set(rejected.map(({ line }) => line?.text.length))
  const ordinals = new Map<Line, number>()
  const seen = new Map<string, number>()
  for (const line of linesIn(all, lengths)) {
    const ordinal = (seen.get(line.text) ?? 0) + 1
    seen.set(line.text, ordinal)
    if (ordinal > 1) ordinals.set(line, ordinal)
  }
  return ordinals
}

/** Once each, though it have children, and in the order they stand in. */
function linesIn(journeys: readonly Journey[], lengths: ReadonlySet<number | undefined>): Line[] {
  const lines = new Set<Line>()
  for (const { line } of journeys) if (line && lengths.has(line.text.length)) lines.add(line)
  return [...lines].sort((a, b) => a.number - b.number)
}

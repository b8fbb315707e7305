import type { Random } from './random.ts'

/** A draw of names: each name once, in random order, and then at random by its weight. */
export interface Deck<Name extends string> {
  draw(): Name
}

/** Creates a deck. A name of weight 0 is drawn once. At least one weight must be above 0. */
export function createDeck<Name extends string>(
  weights: ReadonlyMap<Name, number>,
  random: Random,
): Deck<Name> {
  const firsts = shuffled([...weights.keys()], random)
  const heavy = [...weights].flatMap(([name, weight]) => Array<Name>(weight).fill(name))

  return { draw: () => firsts.pop() ?? random.pick(heavy) }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list]
  return list.flatMap(() => left.splice(random.int(left.length), 1))
}

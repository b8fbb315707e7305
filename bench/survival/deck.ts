import type { Random } from './random.ts'

/** Deals names: each of them once, in an order that chance decides, and then as often as they weigh. */
export interface Deck<Name extends string> {
  draw(): Name
}

/** A name that weighs nothing is dealt once. At least one must weigh something. */
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

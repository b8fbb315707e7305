import fc from 'fast-check'

const LAST_CHARACTER = 0x10ffff
const FIRST_SURROGATE = 0xd800
const SURROGATES = 0x800

/**
 * Any character of Unicode. The unit `binary` of fast-check is the same, and first makes a table of
 * them all, which takes longer than all that is drawn from it.
 */
export const ANY_CHARACTER = fc.nat(LAST_CHARACTER - SURROGATES).map(characterAt, placeOf)

/** Any text that is well-formed, of such a length. */
export function anyText(
  length: { readonly minLength?: number; readonly maxLength?: number } = {},
): fc.Arbitrary<string> {
  return fc.string({ unit: ANY_CHARACTER, ...length })
}

function characterAt(place: number): string {
  return String.fromCodePoint(place < FIRST_SURROGATE ? place : place + SURROGATES)
}

/** Lets fast-check draw names such as `__proto__`, too. */
function placeOf(character: unknown): number {
  const [one, ...others] = String(character)
  const point = one?.codePointAt(0)
  if (point === undefined || others.length > 0) throw new TypeError('not one character')
  return point < FIRST_SURROGATE ? point : point - SURROGATES
}

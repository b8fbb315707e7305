import { lettersOff } from './letters-off.ts'

/** Returns the name that was probably meant: one that begins so, or the nearest of those near. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const begun = names.find((name) => given.length > 1 && name.startsWith(given))
  if (begun !== undefined) return begun
  const [first] = names
    .map((name) => ({ name, off: lettersOff(given.toLowerCase(), name) }))
    .filter(({ name, off }) => off <= Math.max(given.length, name.length) / 2)
    .toSorted((one, other) => one.off - other.off)
  return first?.name
}

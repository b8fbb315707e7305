import { createRecentTexts } from './recent-texts.ts'

/** The name of a member, cut at its dots: `flatten` makes one name of several. */
export interface Name {
  readonly exact: readonly string[]
  /** The same parts, as `**` paths compare them. */
  readonly folded: readonly string[]
}

/** Reads a name as it stands in JSON, without its quotes. */
export type ReadName = (raw: string) => Name

/** The characters that `**` paths ignore: all but letters, accents and digits, and invisible ones. */
const IGNORED = /[^\p{L}\p{M}\p{N}]|\p{Default_Ignorable_Code_Point}/gu
const ASCII = /^[ -~]*$/
const IGNORED_IN_ASCII = /[^a-z0-9]+/g
/** The small letter of `İ`, which Turkish software makes of `i`. */
const DOTTED_I = /i\u0307/g
/** The memory of names, and the length of the longest of them. */
const MEMORY_BYTES = 1024 * 1024
const MOST_LENGTH = 128

/** Returns the form in which `**` paths compare names: `e-mail`, `$Email` and `EMAIL` are one. */
export function foldName(name: string): string {
  // Most names. The steps below take five times as long, and an event may have 100,000 names.
  if (ASCII.test(name)) return name.toLowerCase().replaceAll(IGNORED_IN_ASCII, '')
  const counted = name.normalize('NFKC').replaceAll(IGNORED, '').normalize('NFKC')
  // Some letters are equal to others in capitals alone, such as `ı` to `i` and `ß` to `ss`.
  return counted.toUpperCase().toLowerCase().replaceAll(DOTTED_I, 'i')
}

/** Makes a `ReadName` with a memory, because events have the same names again and again. */
export function createReadName(): ReadName {
  const recent = createRecentTexts<Name>(MEMORY_BYTES)

  return function readName(raw) {
    if (raw.length > MOST_LENGTH) return nameOf(raw)
    const known = recent.recall(raw)
    if (known) return known
    const name = nameOf(raw)
    recent.remember(raw, name)
    return name
  }
}

function nameOf(raw: string): Name {
  const exact = textOf(raw).split('.')
  return { exact, folded: exact.map(foldName) }
}

/** Returns the text of a JSON string, or of a number or word as it stands. */
export function scalarText(raw: string): string {
  return raw[0] === '"' ? textOf(raw.slice(1, -1)) : raw
}

/** Returns the text of a JSON string without its quotes; as it stands when its escapes are wrong. */
export function textOf(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    const text: string = JSON.parse(`"${raw}"`)
    return text
  } catch {
    return raw
  }
}

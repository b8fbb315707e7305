/** The most characters of a name or an id that a remark shows. */
const SHOWN = 60

/** Returns a name or an id for a remark. A long one is cut. */
export function shortened(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`
}

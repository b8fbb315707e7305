import type { NoteValue } from '../model/redaction.ts'

/** The values that were taken away from an event, and what took their places. */
export interface Taken {
  readonly note: NoteValue
  /**
   * Returns a text that came with the event, as it may be stored: one that is such a value goes as
   * that value did, and one that holds such a value is left out (`undefined`).
   */
  apply(text: string): string | undefined
}

/** The shortest value that is sought inside other texts. Shorter ones stand in many by chance. */
const LEAST_SOUGHT = 6
/**
 * The most values that are sought inside other texts, because each letter of a message has all its
 * attributes, and the most that are remembered at all.
 */
const MOST_SOUGHT = 100
const MOST_VALUES = 100_000

export function createTaken(): Taken {
  const values = new Map<string, string | undefined>()

  return { note, apply }

  function note(before: string, after: string | undefined): void {
    if (before !== '' && values.size < MOST_VALUES) values.set(before, after)
  }

  function apply(text: string): string | undefined {
    if (values.has(text)) return values.get(text)
    let left = MOST_SOUGHT
    for (const value of values.keys()) {
      if (value.length >= LEAST_SOUGHT && text.includes(value)) return undefined
      left -= 1
      if (left === 0) break
    }
    return text
  }
}

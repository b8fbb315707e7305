import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import type { LetterReading } from './letter-source.ts'
import type { Selection } from './selection.ts'

export interface WindowOptions {
  readonly isSelected: Selection
  /** The number of events with which a window ends. */
  readonly events: number
  /** The most letters of all windows. */
  readonly limit: number
}

/** The length of the texts of a window, in characters, past which it ends. */
const MOST_LENGTH = 16 * 1024 * 1024

/** Reads the open letters that are selected, some at a time. */
export async function* letterWindows(
  { read }: Pick<LetterReading, 'read'>,
  { isSelected, events: most, limit }: WindowOptions,
): AsyncGenerator<readonly StoredLetter[]> {
  let window: StoredLetter[] = []
  let [events, length] = [0, 0]
  let left = limit
  for await (const chunk of read()) {
    for (const found of chunk) {
      if (typeof found === 'string' || found.isDone || left === 0) continue
      const { letter } = found
      if (!isSelected(letter)) continue
      window.push(letter)
      events += letter.events ?? 1
      length += (letter.event ?? letter.data ?? '').length
      left -= 1
      if (events < most && length < MOST_LENGTH) continue
      yield window
      window = []
      events = 0
      length = 0
    }
    if (left === 0) break
  }
  if (window.length > 0) yield window
}

import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import type { LetterReading } from './letter-source.ts'
import type { Selection } from './selection.ts'

export interface WindowOptions {
  readonly isSelected: Selection
  /** The number of events with which a window ends. */
  readonly events: number
  /** The most letters of all windows. */
  readonly limit: number
  /** The length of the texts of a window, in characters, past which it ends; 16 Mi when absent. */
  readonly characters?: number
}

const MOST_LENGTH = 16 * 1024 * 1024

/** Reads the open letters that are selected, some at a time. */
export async function* letterWindows(
  { read }: Pick<LetterReading, 'read'>,
  { isSelected, events: most, limit, characters = MOST_LENGTH }: WindowOptions,
): AsyncGenerator<readonly StoredLetter[]> {
  let window = emptyWindow()
  let left = limit
  for await (const chunk of read()) {
    for (const found of chunk === 'pause' ? [] : chunk) {
      if (typeof found === 'string' || found.isDone || left === 0) continue
      if (!isSelected(found.letter)) continue
      add(window, found.letter)
      left -= 1
      if (window.events < most && window.length < characters) continue
      yield window.letters
      window = emptyWindow()
    }
    if (left === 0) break
    if (chunk !== 'pause' || window.letters.length === 0) continue
    yield window.letters
    window = emptyWindow()
  }
  if (window.letters.length > 0) yield window.letters
}

interface Window {
  readonly letters: StoredLetter[]
  events: number
  length: number
}

function emptyWindow(): Window {
  return { letters: [], events: 0, length: 0 }
}

function add(window: Window, letter: StoredLetter): void {
  window.letters.push(letter)
  window.events += letter.events ?? 1
  window.length += (letter.event ?? letter.data ?? '').length
}

import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import type { Line, ParsedLine } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import type { Transform } from '../../transform/transform.ts'

/** Makes the function that mends the event of one letter. It is a transform of one event. */
export type FixOf = (letter: StoredLetter) => Transform

/** The result of a fix for a line. */
export type FixedLine = Readonly<
  | { kind: 'unchanged' }
  | { kind: 'changed'; text: string; value: unknown }
  /** The fix returned null: nothing of the line is sent. */
  | { kind: 'left_out' }
  | { kind: 'failed'; why: string }
>

const UNCHANGED: FixedLine = { kind: 'unchanged' }

/** Mends a line. The fix gets its value, or its text when that is no JSON. */
export function fixLine(fix: Transform, { line, parsed }: ParsedLine, message: Message): FixedLine {
  const given = parsed.kind === 'json' ? parsed.value : line.text
  // The fix may change the value in its place.
  const before = JSON.stringify(given)
  const made = fix(given, line, message)
  if ('kind' in made) {
    if (made.kind === 'dropped') return { kind: 'left_out' }
    return { kind: 'failed', why: `the fix failed: ${made.detail}` }
  }
  const [only, another] = made
  if (!only || another) return { kind: 'failed', why: 'the fix made several events of one' }
  if (only.text === before) return UNCHANGED
  const isText = parsed.kind !== 'json' && typeof only.value === 'string'
  return isText ? readText(only.value) : { kind: 'changed', text: only.text, value: only.value }
}

/** Reads the text of an event that was no JSON before; unchanged when it is none now. */
function readText(text: unknown): FixedLine {
  try {
    return { kind: 'changed', text: String(text), value: JSON.parse(String(text)) }
  } catch {
    return UNCHANGED
  }
}

/** Returns the value of a line as it was published; `undefined` when it is no JSON. */
export function valueIn({ text }: Line): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

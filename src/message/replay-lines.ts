import type { Place } from '../model/event.ts'
import type { Message } from '../model/message.ts'

/**
 * Gives the one event of a replay the place that it had in its message, so that it gets the same
 * ids. When the replay was split by hand, its lines belong to a message named for the letter: under
 * the original's name they would take the ids of its other lines.
 */
export function replayLines(
  message: Message,
  lines: Iterable<Place>,
): { readonly message: Message; readonly lines: Iterable<Place> } {
  const { replay } = message
  if (!replay || replay.line === 0) return { message, lines }
  const [only, another] = lines
  if (another) {
    const { child, lines: _, ...known } = replay
    return { message: { ...message, messageId: replay.id, replay: { ...known, line: 0 } }, lines }
  }
  return { message, lines: only ? [{ ...only, number: replay.line }] : [] }
}

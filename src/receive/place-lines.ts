import type { DecodedLine } from '../model/event.ts'
import type { Message } from '../model/message.ts'

/**
 * Puts the one event of a replay where it stood in its message, so that it gets the same ids. When
 * someone has made several of it, they are the lines of a message named for the letter: under the
 * original's name they would take the ids of its other lines.
 */
export function placeLines(
  message: Message,
  lines: readonly DecodedLine[],
): { readonly message: Message; readonly lines: readonly DecodedLine[] } {
  const { replay } = message
  if (!replay || replay.line === 0) return { message, lines }
  if (lines.length > 1) {
    return { message: { ...message, messageId: replay.id, replay: { ...replay, line: 0 } }, lines }
  }
  return { message, lines: lines.map((decoded) => movedTo(replay.line, decoded)) }
}

function movedTo(number: number, decoded: DecodedLine): DecodedLine {
  return { ...decoded, line: { ...decoded.line, number } }
}

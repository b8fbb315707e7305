import type { Hold } from '../lib/byte-budget.ts'
import type { Decoded } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { decodeLines } from './decode-lines.ts'
import { footprintOf } from './footprint.ts'
import type { InflateHold } from './inflate.ts'
import { createReadText, type Read, undecodable } from './read-text.ts'

export interface DecodeOptions {
  /** What one message may inflate to, from 1. Past it, the message is rejected as too large. */
  readonly maxBytes: number
  /** What one message may take of the memory while it is under way; past it, likewise. */
  readonly maxFootprintBytes: number
}

/**
 * Finds the events in a message's data. Answers at once but for what is large: that waits its turn
 * in the byte budget, for as long as `wanted`. Counts in `hold` what the events take of the memory.
 */
export type Decode = (
  message: Message,
  hold: Hold,
  wanted: () => boolean,
) => Decoded | Promise<Decoded>

/** A footprint that waits for nobody: thousands of them fit. */
const SMALL_FOOTPRINT_BYTES = 64 * 1024

/** For bytes that are counted already. */
const COUNTED: InflateHold = { keep: () => {}, reserve: async () => true }

/** Weighs a text before it is parsed: its events may take a hundred times its bytes. */
export function createDecode({ maxBytes, maxFootprintBytes }: DecodeOptions): Decode {
  const readText = createReadText(maxBytes)
  const tooManyEvents = undecodable(
    'too_large',
    `the events would take more memory than the ${maxFootprintBytes} bytes that this service gives ` +
      'one message (see PUSH_MAX_BUFFERED_BYTES)',
  )

  return function decode(message, hold, wanted) {
    if (message.data === '') return { kind: 'no_data' }
    const read = readText(message, hold, wanted)
    if (read instanceof Promise) return read.then((text) => decodeInTurn(text))
    return decodeInTurn(read)

    function decodeInTurn(text: Read): Decoded | Promise<Decoded> {
      if (text.kind !== 'text') return text
      const bytes = footprintOf(text.text, maxFootprintBytes)
      if (bytes > maxFootprintBytes) return tooManyEvents
      return makesRoom(hold, bytes) ? decodeLines(text.text) : decodeLater(bytes)
    }

    /** Nobody waits with a text in hand: there it would be, uncounted. It is read once more. */
    async function decodeLater(bytes: number): Promise<Decoded> {
      hold.keep(0)
      if (!(await hold.reserve(bytes, wanted))) return { kind: 'out_of_time' }
      const again = await readText(message, COUNTED, wanted)
      return again.kind === 'text' ? decodeLines(again.text) : again
    }
  }
}

function makesRoom(hold: Hold, bytes: number): boolean {
  if (bytes > SMALL_FOOTPRINT_BYTES) return hold.tryReserve(bytes)
  hold.add(bytes)
  return true
}

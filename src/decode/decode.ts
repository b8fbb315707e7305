import type { Hold } from '../lib/byte-budget.ts'
import type { Decoded } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { type Lines, type NoJson, nothingIsJson, type Reading, readLines } from './decode-lines.ts'
import { footprintOf } from './footprint.ts'
import type { InflateHold } from './inflate.ts'
import { createReadText, type Read, undecodable } from './read-text.ts'
import { extentOf, formOf, type TextForm } from './text-form.ts'

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
/** Each may become a dead letter: what Mixpanel's quota takes in half a minute is enough. */
const MOST_EVENTS = 1_000_000
/** A text that becomes one dead letter is there as itself, in UTF-16 perhaps, and as JSON twice. */
const LETTER_COPIES = 6

/** For bytes that are counted already. */
const COUNTED: InflateHold = { keep: () => {}, reserve: async () => true }

const TOO_MANY_EVENTS = undecodable('too_large', `the data has more than ${MOST_EVENTS} events`)

/**
 * Weighs a text before anything is parsed: a kilobyte of gzip may hold half a million lines.
 * `nextTurn` lets others have theirs while a large text is read.
 */
export function createDecode(
  { maxBytes, maxFootprintBytes }: DecodeOptions,
  nextTurn: () => Promise<void>,
): Decode {
  const readText = createReadText(maxBytes)
  const tooLarge = undecodable(
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
      const { body } = text
      const form = formOf(body)
      const extent = extentOf(body, form, MOST_EVENTS)
      if (extent.items > MOST_EVENTS) return TOO_MANY_EVENTS
      const bytes = footprintOf(body.length, extent)
      if (bytes > maxFootprintBytes) return tooLarge
      return makesRoom(hold, bytes) ? decodeBody(body, form) : decodeLater(bytes, form)
    }

    /** Nobody waits with a text in hand: there it would be, uncounted. It is read once more. */
    async function decodeLater(bytes: number, form: TextForm): Promise<Decoded> {
      hold.keep(0)
      if (!(await hold.reserve(bytes, wanted))) return { kind: 'out_of_time' }
      const again = await readText(message, COUNTED, wanted)
      return again.kind === 'text' ? decodeBody(again.body, form) : again
    }
  }

  function decodeBody(body: Buffer, form: TextForm): Decoded | Promise<Decoded> {
    const reading = readLines(body, form)
    if (!('next' in reading)) return { kind: 'lines', lines: reading }
    const read = reading.next()
    return read.done ? decodedOf(read.value, body) : decodeInTurns(reading, body)
  }

  async function decodeInTurns(reading: Reading, body: Buffer): Promise<Decoded> {
    for (;;) {
      await nextTurn()
      const read = reading.next()
      if (read.done) return decodedOf(read.value, body)
    }
  }

  function decodedOf(read: Lines | NoJson, body: Buffer): Decoded {
    if (read !== 'no_json') return { kind: 'lines', lines: read }
    if (LETTER_COPIES * body.length > maxFootprintBytes) return tooLarge
    return { kind: 'lines', lines: [nothingIsJson(body.toString('utf8'))] }
  }
}

function makesRoom(hold: Hold, bytes: number): boolean {
  if (bytes > SMALL_FOOTPRINT_BYTES) return hold.tryReserve(bytes)
  hold.add(bytes)
  return true
}

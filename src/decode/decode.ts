import type { MessageBytes } from '../lib/byte-budget.ts'
import type { Body, Decoded } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { type Found, findLines } from './find-lines.ts'
import {
  type Extent,
  footprintOf,
  ONLY_ITEM_BYTES,
  ONLY_ITEM_COPIES,
  sizeOf,
  tightFootprintOf,
} from './footprint.ts'
import type { InflateBytes } from './inflate.ts'
import { findOnlyLine } from './parse-line.ts'
import { linesOf } from './places.ts'
import { createReadText, notText, undecodable } from './read-text.ts'

export interface DecodeOptions {
  /** The most bytes that one message may inflate to, at least 1. A larger message is rejected. */
  readonly maxBytes: number
  /**
   * The most memory that one message may take while it is under way. A larger message is rejected.
   */
  readonly maxFootprintBytes: number
}

/**
 * Finds the events in a message's data. It answers at once, except for large data, which waits for
 * its turn in the byte budget for as long as `wanted` returns `true`. It counts the memory of
 * the events in `messageBytes`.
 */
export type Decode = (
  message: Message,
  messageBytes: MessageBytes,
  wanted: () => boolean,
) => Decoded | Promise<Decoded>

/** The footprint below which a message does not wait: thousands of them fit. */
const SMALL_FOOTPRINT_BYTES = 64 * 1024
/** The size of a text that is read at once, before its bytes are reserved. */
const SMALL_BYTES = 256 * 1024
/**
 * The most events of a message. Each may become a dead letter, and Mixpanel's quota takes this
 * number in half a minute.
 */
const MOST_EVENTS = 1_000_000

/** Stands for the bytes of a message that are counted already. */
const COUNTED: InflateBytes = { commit: () => {}, cancel: () => {}, reserve: async () => true }

/** The one line of a message without data. */
const NO_DATA: Decoded = {
  kind: 'lines',
  body: { bytes: Buffer.alloc(0), isUtf8: true },
  lines: [{ number: 1, start: 0, end: 0, parsed: { kind: 'json', value: undefined } }],
}

const TOO_MANY_EVENTS = undecodable('too_large', `the data has more than ${MOST_EVENTS} events`)

/**
 * Makes a `Decode`. It finds the lines of a text, and estimates the memory of their events: a
 * kilobyte of gzip may hold half a million. `nextTurn` lets other messages run while a large text
 * is read.
 */
export function createDecode(
  { maxBytes, maxFootprintBytes }: DecodeOptions,
  nextTurn: () => Promise<void>,
): Decode {
  const readText = createReadText(maxBytes)
  const maxSmallBytes = Math.min(SMALL_FOOTPRINT_BYTES, maxFootprintBytes)
  const tooLarge = undecodable(
    'too_large',
    `the events would take more memory than the ${maxFootprintBytes} bytes that this service gives ` +
      'one message (see PUSH_MAX_BUFFERED_BYTES)',
  )

  return function decode(message, messageBytes, wanted) {
    if (message.data === '') return NO_DATA
    const read = readText(message, messageBytes, wanted)
    if (read instanceof Promise) {
      return read.then((text) => (text.kind === 'text' ? decodeInTurns(text.body, 0) : text))
    }
    if (read.kind !== 'text') return read
    const { body } = read
    if (body.bytes.length <= SMALL_BYTES) return decodeSmall(body)
    const { length } = body.bytes
    return messageBytes.tryReserve(length) ? decodeInTurns(body, 0) : decodeLater(length)

    function decodeSmall(body: Body): Decoded | Promise<Decoded> {
      const lines = findOnlyLine(body)
      const bytes = ONLY_ITEM_BYTES + ONLY_ITEM_COPIES * body.bytes.length
      if (lines && bytes <= maxSmallBytes) {
        messageBytes.add(bytes)
        return { kind: 'lines', body, lines }
      }
      const finding = findLines(body, MOST_EVENTS)
      const found = finding.next()
      return found.done ? weigh(body, found.value, 0) : decodeInTurns(body, 0)
    }

    async function decodeInTurns(body: Body, reserved: number): Promise<Decoded> {
      const finding = findLines(body, MOST_EVENTS)
      for (;;) {
        await nextTurn()
        const found = finding.next()
        if (!found.done) continue
        await nextTurn()
        return weigh(body, found.value, reserved)
      }
    }

    function weigh(body: Body, found: Found, reserved: number): Decoded | Promise<Decoded> {
      if (found.kind === 'too_many') return rejectWhole(TOO_MANY_EVENTS)
      if (found.kind === 'whole' && !body.isUtf8) return rejectWhole(notText(message))
      const extent = extentOf(body, found)
      const bytes = footprintOf(body.bytes.length, extent)
      if (bytes <= maxFootprintBytes) return take(body, found, bytes)
      // A long line is no reason to reject its neighbours: when it is bad, its message is stored
      // whole.
      const tightBytes = tightFootprintOf(body.bytes.length, extent)
      if (extent.items === 1 || tightBytes > maxFootprintBytes) return rejectWhole(tooLarge)
      return take({ ...body, isTight: true }, found, tightBytes)

      function take(taken: Body, lines: FoundLines, takenBytes: number) {
        const fits = takenBytes <= reserved || makesRoom(messageBytes, takenBytes)
        return fits ? decodedOf(taken, lines) : decodeLater(takenBytes)
      }
    }

    /** Rejects the message, and releases its bytes. */
    function rejectWhole(rejection: Decoded): Decoded {
      messageBytes.cancel()
      return rejection
    }

    /**
     * Reads the text once more after the wait. A text that waited in memory would not be counted.
     */
    async function decodeLater(bytes: number): Promise<Decoded> {
      messageBytes.cancel()
      if (!(await messageBytes.reserve(bytes, wanted))) return { kind: 'out_of_time' }
      const again = await readText(message, COUNTED, wanted)
      return again.kind === 'text' ? decodeInTurns(again.body, bytes) : again
    }
  }
}

type FoundLines = Exclude<Found, { kind: 'too_many' }>

function extentOf({ bytes }: Body, found: FoundLines): Extent {
  if (found.kind === 'whole') return { items: 1, longest: sizeOf(bytes, 0, bytes.length) }
  const { places, rest } = found
  const line = places.longest()
  const longest = rest && rest.end - rest.start > line.end - line.start ? rest : line
  const items = places.count() + (rest ? 1 : 0)
  return { items, longest: sizeOf(bytes, longest.start, longest.end) }
}

function decodedOf(body: Body, found: FoundLines): Decoded {
  if (found.kind === 'lines') {
    return { kind: 'lines', body, lines: linesOf(found.places, found.known, found.rest) }
  }
  const whole = { number: 1, start: 0, end: body.bytes.length, parsed: found.fault }
  return { kind: 'lines', body, lines: [whole] }
}

function makesRoom(messageBytes: MessageBytes, bytes: number): boolean {
  if (bytes > SMALL_FOOTPRINT_BYTES) return messageBytes.tryReserve(bytes)
  messageBytes.add(bytes)
  return true
}

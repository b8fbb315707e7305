import { isUtf8 } from 'node:buffer'
import { type Found, findLines } from '../../decode/find-lines.ts'
import { withoutMark } from '../../decode/read-text.ts'
import { contentFrom } from '../../lib/white-space.ts'
import { isUtf16 } from './utf16.ts'

/** Some of a text. */
export type Part = Readonly<
  /** All of the text, as the service would get it in one message. */
  | { kind: 'message'; bytes: Buffer }
  /** Whole lines of NDJSON. `line` is the number of the first, from 1. */
  | { kind: 'lines'; bytes: Buffer; line: number }
  /** A line, or a text that is no NDJSON, with more bytes than a message may have. */
  | { kind: 'too_large'; what: 'line' | 'text'; line: number }
  | { kind: 'utf16' }
>

/** The bytes that show whether a text is NDJSON. A shorter text is read as one message. */
const HEAD_BYTES = 1024 * 1024
const LINE_FEED = 0x0a
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

/**
 * Cuts a text into parts, so that NDJSON of any size is read in constant memory. A text that is one
 * JSON value has at most `maxBytes`, and so has a line.
 */
export async function* partsOf(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  headBytes = HEAD_BYTES,
): AsyncGenerator<Part> {
  const source = chunks[Symbol.asyncIterator]()
  try {
    yield* partsIn(source, maxBytes, headBytes)
  } finally {
    await source.return?.()
  }
}

async function* partsIn(
  source: AsyncIterator<Buffer>,
  maxBytes: number,
  headBytes: number,
): AsyncGenerator<Part> {
  const pile = createPile()
  const isHead = () => pile.bytes() >= headBytes && pile.hasLineFeed()
  const isMore = await fill(pile, source, () => isHead() || pile.bytes() > maxBytes)
  const head = pile.take()
  pile.add(head)
  if (isUtf16(head)) yield { kind: 'utf16' }
  else if (!isMore) yield { kind: 'message', bytes: head }
  else if (!pile.hasLineFeed() || isNdjson(wholeLinesIn(head))) {
    yield* linesIn(pile, source, maxBytes)
  } else if (await fill(pile, source, () => pile.bytes() > maxBytes)) {
    yield { kind: 'too_large', what: 'text', line: 1 }
  } else yield { kind: 'message', bytes: pile.take() }
}

function wholeLinesIn(bytes: Buffer): Buffer {
  return withoutMark(bytes.subarray(0, bytes.lastIndexOf(LINE_FEED) + 1))
}

async function* linesIn(
  pile: Pile,
  source: AsyncIterator<Buffer>,
  maxBytes: number,
): AsyncGenerator<Part> {
  let line = 1
  let isFirst = true
  for (let more = true; more; ) {
    if (pile.hasLineFeed()) {
      const whole = pile.takeLines()
      yield { kind: 'lines', bytes: isFirst ? withoutMark(whole) : whole, line }
      isFirst = false
      line += lineFeedsIn(whole)
    }
    more = await fill(pile, source, () => pile.hasLineFeed() || pile.bytes() > maxBytes)
    if (!more || pile.hasLineFeed()) continue
    yield { kind: 'too_large', what: 'line', line }
    more = await skipLine(pile, source)
    line += 1
  }
  if (pile.bytes() > 0) yield { kind: 'lines', bytes: pile.take(), line }
}

/** Drops the rest of a line. Returns whether it has an end. */
async function skipLine(pile: Pile, source: AsyncIterator<Buffer>): Promise<boolean> {
  for (;;) {
    pile.take()
    const { done, value } = await source.next()
    if (done) return false
    const end = value.indexOf(LINE_FEED)
    if (end === -1) continue
    pile.add(value.subarray(end + 1))
    return true
  }
}

/** Adds chunks until `isFull` says so. Returns `false` when there are no more. */
async function fill(
  pile: Pile,
  source: AsyncIterator<Buffer>,
  isFull: () => boolean,
): Promise<boolean> {
  while (!isFull()) {
    const { done, value } = await source.next()
    if (done) return false
    pile.add(value)
  }
  return true
}

/** The bytes that were read and are not used yet. */
interface Pile {
  add(chunk: Buffer): void
  bytes(): number
  hasLineFeed(): boolean
  take(): Buffer
  /** Takes all up to the last line feed. */
  takeLines(): Buffer
}

function createPile(): Pile {
  let chunks: Buffer[] = []
  let length = 0
  let lineFeeds = false
  return { add, bytes: () => length, hasLineFeed: () => lineFeeds, take, takeLines }

  function add(chunk: Buffer): void {
    chunks.push(chunk)
    length += chunk.length
    lineFeeds ||= chunk.includes(LINE_FEED)
  }

  function take(): Buffer {
    const [only] = chunks
    const all = chunks.length === 1 && only ? only : Buffer.concat(chunks)
    chunks = []
    length = 0
    lineFeeds = false
    return all
  }

  function takeLines(): Buffer {
    const all = take()
    const end = all.lastIndexOf(LINE_FEED) + 1
    // A copy: the rest must not keep a large chunk in memory.
    add(Buffer.from(all.subarray(end)))
    return all.subarray(0, end)
  }
}

/**
 * Whether the service takes the first lines of a text for NDJSON. An array begins one byte before
 * its first element, and one JSON value over several lines holds a line feed.
 */
function isNdjson(bytes: Buffer): boolean {
  const found = findAll(bytes)
  if (found.kind !== 'lines' || found.rest || found.places.count() === 0) return false
  const { start, end } = found.places.at(0)
  const isLine = !bytes.subarray(start, end).includes(LINE_FEED)
  return isLine && start === resultOf(contentFrom(bytes, 0))
}

/**
 * Returns the number of events in a text that begins as a JSON object or array and is no NDJSON;
 * `undefined` for every other text.
 */
export function eventsOfOneValue(text: Buffer): number | undefined {
  const bytes = withoutMark(text)
  const first = bytes[resultOf(contentFrom(bytes, 0))]
  if ((first !== OPEN_BRACE && first !== OPEN_BRACKET) || isNdjson(bytes)) return undefined
  const found = findAll(bytes)
  return found.kind === 'lines' ? found.places.count() : 1
}

function findAll(bytes: Buffer): Found {
  return resultOf(findLines({ bytes, isUtf8: isUtf8(bytes) }, Number.POSITIVE_INFINITY))
}

function resultOf<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

function lineFeedsIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1))
    count += 1
  return count
}

import { findTrimmedEnd } from '../lib/white-space.ts'
import { inflated } from './check/inflated.ts'
import { eventsOfOneValue, type Part, partsOf } from './check/parts.ts'
import { UserMistake } from './frame/io.ts'

export interface PublishDeps {
  /** The most events in one message; fewer when they would be too large together. */
  readonly perMessage: number
  /** Publishes messages with this data as one request; rejects when it is refused. */
  readonly publish: (messages: readonly Uint8Array[]) => Promise<void>
}

/** The numbers published so far. */
export interface Published {
  readonly events: number
  readonly messages: number
}

/** Lines of events with their line feeds, or one JSON value. */
interface Message {
  readonly data: Buffer
  readonly events: number
}

/** With base64 and JSON around it, less than the 10 MB limit of a publish request. */
const MAX_REQUEST_BYTES = 7_000_000
// cloud.google.com/pubsub/quotas#resource_limits
const MAX_MESSAGES = 1_000
const NEW_LINE = Buffer.from('\n')

/**
 * Publishes each line that is not blank as an event while it reads, and holds one request at a
 * time. It inflates gzip. A text that is a JSON array, or one object over several lines, is one
 * message. Yields after each request. Throws a `UserMistake` when a line is too long to be
 * published and when the text is UTF-16, a `DamagedText` where gzip is damaged.
 */
export async function* publishEvents(
  chunks: AsyncIterable<Buffer>,
  { perMessage, publish }: PublishDeps,
): AsyncGenerator<Published> {
  let events = 0
  let messages = 0
  for await (const batch of grouped(messagesIn(chunks, perMessage), MAX_MESSAGES, dataBytes)) {
    await publish(batch.map(({ data }) => data))
    events += batch.reduce((sum, message) => sum + message.events, 0)
    messages += batch.length
    yield { events, messages }
  }
}

async function* messagesIn(
  chunks: AsyncIterable<Buffer>,
  perMessage: number,
): AsyncGenerator<Message> {
  for await (const texts of grouped(eventTexts(chunks), perMessage, dataBytes)) {
    yield {
      data: Buffer.concat(texts.map(({ data }) => data)),
      events: texts.reduce((sum, { events }) => sum + events, 0),
    }
  }
}

/** Yields the texts that stay whole: lines, or the one value that a text is. */
async function* eventTexts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Message> {
  for await (const part of partsOf(inflated(chunks), MAX_REQUEST_BYTES - 1)) yield* textsIn(part)
}

function textsIn(part: Part): readonly Message[] {
  switch (part.kind) {
    case 'utf16':
      throw new UserMistake('the text is UTF-16: convert it with iconv -f UTF-16 -t UTF-8')
    case 'too_large':
      throw tooLarge(part)
    case 'lines':
      return linesOf(part.bytes)
    case 'message': {
      const events = eventsOfOneValue(part.bytes)
      return events === undefined ? linesOf(part.bytes) : [{ data: part.bytes, events }]
    }
  }
}

function tooLarge({ what, line }: Extract<Part, { kind: 'too_large' }>): UserMistake {
  const most = MAX_REQUEST_BYTES - 1
  const subject = what === 'text' ? 'the text is no NDJSON and' : `line ${line}`
  return new UserMistake(`${subject} has more than ${most} bytes`)
}

function linesOf(bytes: Buffer): readonly Message[] {
  const lines: Message[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEW_LINE, start)
    const line = bytes.subarray(start, end === -1 ? bytes.length : end)
    if (findTrimmedEnd(line, 0, line.length) > 0) {
      lines.push({ data: Buffer.concat([line, NEW_LINE]), events: 1 })
    }
    start += line.length + NEW_LINE.length
  }
  return lines
}

/** Groups items in order, at most so many in a group, and at most `MAX_REQUEST_BYTES` of them. */
async function* grouped<T>(
  items: AsyncIterable<T>,
  maxItems: number,
  bytesOf: (item: T) => number,
): AsyncGenerator<readonly T[]> {
  let group: T[] = []
  let bytes = 0
  for await (const item of items) {
    const isFull = group.length === maxItems || bytes + bytesOf(item) > MAX_REQUEST_BYTES
    if (isFull && group.length > 0) {
      yield group
      group = []
      bytes = 0
    }
    group.push(item)
    bytes += bytesOf(item)
  }
  if (group.length > 0) yield group
}

function dataBytes({ data }: Message): number {
  return data.length
}

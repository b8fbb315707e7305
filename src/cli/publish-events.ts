import { byteLines } from './byte-lines.ts'

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
 * time. Yields after each request. Throws when a line is too long to be published.
 */
export async function* publishEvents(
  chunks: AsyncIterable<Uint8Array>,
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
  chunks: AsyncIterable<Uint8Array>,
  perMessage: number,
): AsyncGenerator<Message> {
  for await (const lines of grouped(eventLines(chunks), perMessage, lineBytes)) {
    yield { data: Buffer.concat(lines.flatMap((line) => [line, NEW_LINE])), events: lines.length }
  }
}

async function* eventLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const line of byteLines(chunks, MAX_REQUEST_BYTES - 1)) {
    if (line.toString('latin1').trim() !== '') yield line
  }
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

function lineBytes(line: Buffer): number {
  return line.length + NEW_LINE.length
}

function dataBytes({ data }: Message): number {
  return data.length
}

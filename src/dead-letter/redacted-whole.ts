import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { constants, createGzip } from 'node:zlib'
import { bytesOf } from '../lib/base64.ts'
import type { DecodedLines } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import type { NoteValue } from '../model/redaction.ts'
import {
  type LetterParts,
  MAX_TEXT_OF_MESSAGE_BYTES,
  stageOf,
  type WholeParts,
} from './letter-form.ts'
import { notStored, type RedactionOptions, redactBytes } from './redacted-line.ts'
import { redactedMessage } from './redacted-message.ts'
import { createTaken } from './taken.ts'

/** The bytes that are handed on at least, as long as there are so many. */
const CHUNK_BYTES = 64 * 1024
const GZIP_START = [0x1f, 0x8b]

/**
 * Returns the parts of a letter that holds a whole message. The paths that begin with `**` are
 * applied to each of its lines, which stay in their places. The content is compressed when the
 * message was, and when it is large.
 */
export async function redactedWhole(
  message: Message,
  decoded: DecodedLines,
  options: RedactionOptions,
): Promise<WholeParts> {
  const taken = createTaken()
  const content = await contentOf(message, decoded, redactedChunks(decoded, options, taken.note))
  const about = redactedMessage(message, options.redaction, taken)
  return { content, stage: stageOf(message), about }
}

async function contentOf(
  { data }: Message,
  { body }: DecodedLines,
  chunks: Iterable<Buffer>,
): Promise<LetterParts['content']> {
  const start = bytesOf(data.slice(0, 4))
  const isCompressed = GZIP_START.every((byte, at) => start[at] === byte)
  if (isCompressed || body.bytes.length > MAX_TEXT_OF_MESSAGE_BYTES) {
    const gzip = Readable.from(chunks).compose(createGzip({ level: constants.Z_BEST_SPEED }))
    return { data: await buffer(gzip) }
  }
  const bytes = Buffer.concat([...chunks])
  return isUtf8(bytes) ? { event: bytes.toString() } : { data: bytes }
}

/** Yields the bytes of a body with its lines redacted. */
function* redactedChunks(
  { body: { bytes }, lines }: DecodedLines,
  options: RedactionOptions,
  noteValue: NoteValue,
): Generator<Buffer> {
  let from = 0
  for (const place of lines) {
    const { start, end } = place
    const line = bytes.subarray(start, end)
    const redacted = redactedLine(line, options, noteValue)
    if (redacted !== line) {
      yield bytes.subarray(from, start)
      yield redacted
      from = end
    } else if (end - from > CHUNK_BYTES) {
      yield bytes.subarray(from, end)
      from = end
    }
  }
  yield bytes.subarray(from)
}

/** Returns the same bytes for a line that stays as it is. A line that is not stored is a text that says so. */
function redactedLine(line: Buffer, options: RedactionOptions, noteValue: NoteValue): Buffer {
  const redacted = redactBytes(line, options, noteValue)
  if (redacted) return redacted
  return options.keepsUnparsed ? line : Buffer.from(JSON.stringify(notStored(line)))
}

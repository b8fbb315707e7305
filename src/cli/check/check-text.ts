import { isUtf8 } from 'node:buffer'
import { createDecode } from '../../decode/decode.ts'
import { linesIn } from '../../decode/lines-in.ts'
import type { Body, Place } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import { type Rejected, rejected } from '../../model/outcome.ts'
import type { CheckedLine, CheckLine } from './check-lines.ts'
import { decodeAlone } from './decode-alone.ts'
import { createLocate, type Locate } from './locate.ts'
import { type Part, partsOf } from './parts.ts'

/** A piece of news about a text. */
export type Checked = Readonly<
  | { kind: 'line'; checked: CheckedLine; body: Body; place: Place; locate: Locate }
  /** The text, or its line, is rejected without being read. */
  | { kind: 'unread'; line?: number; outcome: Rejected }
>

export interface TextLimits {
  /** The most bytes of a message, as `DECODE_MAX_BYTES` says. */
  readonly maxBytes: number
  /** The most memory of a message, as `PUSH_MAX_BUFFERED_BYTES` says. */
  readonly maxFootprintBytes: number
  /** The bytes that show whether a text is NDJSON; a MiB when absent. */
  readonly headBytes?: number
}

export interface TextDeps {
  /** The message that each text is the data of. */
  readonly message: Message
  readonly checkLines: (message: Message) => CheckLine
  readonly take: (checked: Checked) => void
}

/** Passes each line of a text to `take`, in order. Rejects with what the chunks reject with. */
export type CheckText = (chunks: AsyncIterable<Buffer>) => Promise<void>

/** Makes a `CheckText` for texts of any size. It agrees with the service on each line. */
export function createCheckText(
  limits: TextLimits,
  { message, checkLines, take }: TextDeps,
): CheckText {
  const decode = createDecode(limits, async () => {})

  return async function checkText(chunks) {
    for await (const part of partsOf(chunks, limits.maxBytes, limits.headBytes)) {
      await checkPart(part)
    }
  }

  async function checkPart(part: Part): Promise<void> {
    switch (part.kind) {
      case 'message':
        return checkMessage(part.bytes)
      case 'lines':
        return checkNdjson(part.bytes, part.line)
      case 'too_large': {
        const detail = `the ${part.what} has more than ${limits.maxBytes} bytes once inflated, the most of one message (DECODE_MAX_BYTES)`
        return take({ kind: 'unread', line: part.line, outcome: rejected('too_large', detail) })
      }
      case 'utf16':
        return take({ kind: 'unread', outcome: UTF_16 })
    }
  }

  async function checkMessage(bytes: Buffer): Promise<void> {
    const data = bytes.toString('base64')
    const decoded = await decodeAlone(decode, { ...message, data })
    if (decoded.kind === 'undecodable') return take({ kind: 'unread', outcome: decoded.outcome })
    const { body, lines } = decoded
    const checkLine = checkLines(message)
    const locate = createLocate(body.bytes, 1)
    for (const place of lines) {
      take({ kind: 'line', checked: checkLine(body, place), body, place, locate })
    }
  }

  /** Checks lines as those of one message. A line that cannot be parsed for its size has no text. */
  function checkNdjson(bytes: Buffer, firstLine: number): void {
    const body: Body = { bytes, isUtf8: isUtf8(bytes), isTight: true }
    const checkLine = checkLines(message)
    const locate = createLocate(bytes, firstLine)
    const lines = linesIn(bytes, (number, start, end) => {
      const place = { number: firstLine - 1 + number, start, end }
      take({ kind: 'line', checked: checkLine(body, place), body, place, locate })
      return true
    })
    while (!lines.next().done);
  }
}

const UTF_16 = rejected(
  'unreadable_data',
  'the text is UTF-16, and the service reads UTF-8: convert it with iconv -f UTF-16 -t UTF-8',
)

import { isUtf8 } from 'node:buffer'
import { bytesOf, bytesOfBase64 } from '../lib/base64.ts'
import type { Body, Decoded } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { type RejectReason, rejected } from '../model/outcome.ts'
import { createInflate, type InflateBytes, type Inflated } from './inflate.ts'

/** The bytes in a message's data, without a byte-order mark, or the reason why there are none. */
export type Read = Readonly<{ kind: 'text'; body: Body }> | NoText
type NoText = Extract<Decoded, { kind: 'undecodable' | 'out_of_time' }>

/**
 * Reads the data of a message. It answers at once, except for large gzip, which waits for its turn
 * in the byte budget.
 */
export type ReadText = (
  message: Message,
  messageBytes: InflateBytes,
  wanted: () => boolean,
) => Read | Promise<Read>

/** Makes a `ReadText` for base64 and gzip. Gzip is known by its first bytes. */
export function createReadText(maxBytes: number): ReadText {
  const inflate = createInflate(maxBytes)

  return function readText(message, messageBytes, wanted) {
    const { data } = message
    const bytes = typeof data === 'string' ? bytesOfBase64(data) : data
    if (bytes === undefined) return undecodable('unreadable_data', 'the data is not base64')
    if (!isGzip(bytes)) return textOf(bytes)
    const readAgain = () => bytesOf(data)
    const inflated = inflate(bytes, readAgain, messageBytes, wanted)
    if (inflated instanceof Promise) return inflated.then(textOfInflated)
    return textOfInflated(inflated)
  }

  function textOfInflated(inflated: Inflated): Read {
    switch (inflated.kind) {
      case 'inflated':
        return textOf(inflated.bytes)
      case 'too_large':
        return undecodable('too_large', `the data inflates to more than ${maxBytes} bytes`)
      case 'corrupt':
        return undecodable('unreadable_data', 'the data is gzip, but cut off or damaged')
      case 'followed':
        return undecodable(
          'unreadable_data',
          'the bytes that follow the gzip are neither another member nor zeros',
        )
      case 'out_of_time':
        return { kind: 'out_of_time' }
    }
  }
}

/** Makes the rejection of a message as a whole. */
export function undecodable(reason: RejectReason, detail: string): NoText {
  return { kind: 'undecodable', outcome: rejected(reason, detail) }
}

/**
 * Makes the rejection of a message in which no line is an event, and not all bytes are text. An
 * attribute that promises gzip explains it. The attribute is believed here only: a proxy may have
 * inflated the data and kept the attribute.
 */
export function notText(message: Message): NoText {
  const fault = promisesGzip(message)
    ? 'neither UTF-8 nor the gzip that an attribute announces'
    : 'not UTF-8'
  return undecodable('unreadable_data', `the data is ${fault}`)
}

/** Whether bytes are gzip. Text never is: no UTF-8 begins like this (RFC 1952, 2.3.1). */
export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

function textOf(bytes: Buffer): Read {
  return { kind: 'text', body: { bytes: withoutMark(bytes), isUtf8: isUtf8(bytes) } }
}

/** Returns a text without the byte-order mark at its start. */
export function withoutMark(bytes: Buffer): Buffer {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return isMarked ? bytes.subarray(3) : bytes
}

/**
 * Whether an attribute promises gzip. Publishers use the names `content-encoding`,
 * `Content-Encoding`, `encoding`.
 */
function promisesGzip({ attributes }: Message): boolean {
  return Object.entries(attributes).some(([name, value]) => {
    return /^(content-)?encoding$/i.test(name) && /gzip/i.test(value)
  })
}

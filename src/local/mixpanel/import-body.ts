import { isUtf8 } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import {
  elementsOfArray,
  elementsOfArrayOrObject,
  elementsOfLines,
  type JsonElement,
  type JsonElements,
} from './json-elements.ts'
import type { Switches } from './switches.ts'

/** Far above any limit under test, so that only a decompression bomb exceeds it. */
const INFLATE_MAX_BYTES = 256 * 1024 * 1024

/**
 * The content of the body of one request to `/import`. `bytes` are uncompressed; `utf8` says
 * whether all of it is UTF-8.
 */
export type ImportBody = Readonly<
  { bytes: number; utf8: boolean } & (
    | JsonElements
    /** The elements before the one at which the reading stopped, and that one's place. */
    | { kind: 'too_large'; ahead: readonly JsonElement[]; offset: number }
    /** An empty body, or the legacy form without `data`: neither JSON nor NDJSON by its type. */
    | { kind: 'no_data' }
  )
>

export interface BodyHeaders {
  readonly contentType: string
  readonly contentEncoding: string
}

/** Inflates a body and cuts it into its elements. Limits count uncompressed bytes. */
export function readImportBody(sent: Buffer, headers: BodyHeaders, switches: Switches): ImportBody {
  const body = headers.contentEncoding === 'gzip' ? inflated(sent) : sent
  if (body === 'not_gzip') return unreadable('gzip: invalid header')
  if (body === 'bomb') {
    const bytes = INFLATE_MAX_BYTES
    return { kind: 'too_large', bytes, utf8: false, ahead: [], offset: 0 }
  }

  const bytes = body.length
  const utf8 = isUtf8(body)
  const elementsOf = elementsByType(headers.contentType, switches)
  if (elementsOf === undefined) return { kind: 'no_data', bytes, utf8 }
  if (bytes === 0 && switches.emptyBody === 'data_missing') return { kind: 'no_data', bytes, utf8 }
  const { maxBodyBytes } = switches
  if (bytes > maxBodyBytes) {
    const read = elementsOf(body.subarray(0, maxBodyBytes))
    const { ahead, offset } = endOf(read, maxBodyBytes)
    return { kind: 'too_large', bytes, utf8, ahead, offset }
  }
  return { ...elementsOf(body), bytes, utf8 }
}

/** The number of events in a body, as far as it can be read. */
export function countEvents(body: ImportBody): number {
  switch (body.kind) {
    case 'elements':
      return body.elements.length
    case 'broken':
    case 'too_large':
      return body.ahead.length
    case 'no_data':
      return 0
  }
}

function elementsByType(
  contentType: string,
  { bareObject }: Switches,
): ((body: Buffer) => JsonElements) | undefined {
  const type = contentType.split(';', 1).join('').trim().toLowerCase()
  if (type === 'application/x-ndjson') return elementsOfLines
  if (type !== 'application/json') return undefined
  return bareObject === 'refused' ? elementsOfArray : elementsOfArrayOrObject
}

interface End {
  readonly ahead: readonly JsonElement[]
  readonly offset: number
}

function endOf(read: JsonElements, cutAt: number): End {
  return read.kind === 'broken' ? read : { ahead: read.elements, offset: cutAt }
}

function inflated(sent: Buffer): Buffer | 'not_gzip' | 'bomb' {
  try {
    return gunzipSync(sent, { maxOutputLength: INFLATE_MAX_BYTES })
  } catch (error) {
    return error instanceof RangeError ? 'bomb' : 'not_gzip'
  }
}

function unreadable(reason: string): ImportBody {
  return { kind: 'broken', bytes: 0, utf8: false, ahead: [], offset: 0, reason }
}

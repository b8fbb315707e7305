import { gunzipSync } from 'node:zlib'
import { elementsOfArray, elementsOfLines, type JsonElements } from './json-elements.ts'

/** Far above any limit under test: only a bomb is cut here. */
const INFLATE_MAX_BYTES = 256 * 1024 * 1024

/** What the body of one request to `/import` holds. `bytes` are uncompressed. */
export type ImportBody = Readonly<
  { bytes: number } & (
    | JsonElements
    /** The element at which the reading stopped, and where it begins. */
    | { kind: 'too_large'; index: number; offset: number }
    /** Neither JSON nor NDJSON by its content type: the legacy form, without its `data`. */
    | { kind: 'no_data' }
  )
>

export interface BodyHeaders {
  readonly contentType: string
  readonly contentEncoding: string
}

/** Inflates a body and cuts it into its elements. Limits count uncompressed bytes. */
export function importBodyOf(sent: Buffer, headers: BodyHeaders, maxBytes: number): ImportBody {
  const body = headers.contentEncoding === 'gzip' ? inflated(sent) : sent
  if (body === 'not_gzip') return unreadable('gzip: invalid header')
  if (body === 'bomb') return { kind: 'too_large', bytes: INFLATE_MAX_BYTES, index: 0, offset: 0 }

  const bytes = body.length
  const elementsOf = elementsByType(headers.contentType)
  if (elementsOf === undefined) return { kind: 'no_data', bytes }
  if (bytes > maxBytes) {
    return { kind: 'too_large', bytes, ...endOf(elementsOf(body.subarray(0, maxBytes)), maxBytes) }
  }
  return { ...elementsOf(body), bytes }
}

/** How many events a body holds, as far as it can be read. */
export function eventsIn(body: ImportBody): number {
  switch (body.kind) {
    case 'elements':
      return body.elements.length
    case 'broken':
    case 'too_large':
      return body.index
    case 'no_data':
      return 0
  }
}

function elementsByType(contentType: string): ((body: Buffer) => JsonElements) | undefined {
  const type = contentType.split(';', 1).join('').trim().toLowerCase()
  if (type === 'application/json') return elementsOfArray
  if (type === 'application/x-ndjson') return elementsOfLines
  return undefined
}

function endOf(elements: JsonElements, cutAt: number): { index: number; offset: number } {
  if (elements.kind === 'broken') return { index: elements.index, offset: elements.offset }
  return { index: elements.elements.length, offset: cutAt }
}

function inflated(sent: Buffer): Buffer | 'not_gzip' | 'bomb' {
  try {
    return gunzipSync(sent, { maxOutputLength: INFLATE_MAX_BYTES })
  } catch (error) {
    return error instanceof RangeError ? 'bomb' : 'not_gzip'
  }
}

function unreadable(reason: string): ImportBody {
  return { kind: 'broken', bytes: 0, index: 0, offset: 0, reason }
}

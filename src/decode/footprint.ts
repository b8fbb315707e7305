import { topLevelCommasOf } from '../lib/json-scan.ts'

/** Measured with 112-byte events and with lines `1`: journey, line, texts, and what GC leaves. */
const ITEM_BYTES = 700
const VALUE_BYTES = 60
/** The decoded bytes and the string made of them. */
const COPIES = 3

const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const BYTE_ORDER_MARK = '\ufeff'

/**
 * What the events of a text will take of the memory, in bytes, until their message is settled:
 * estimated before anything is parsed, and on the high side. A kilobyte of gzip may hold half a
 * million lines, each of which costs hundreds of times its text: past `maxBytes` it stops counting.
 */
export function footprintOf(text: string, maxBytes: number): number {
  const itemsAtMost = maxBytes / ITEM_BYTES
  const items = 1 + lineBreaksIn(text, itemsAtMost)
  const bytes = COPIES * text.length + ITEM_BYTES * items
  if (bytes > maxBytes) return bytes
  return bytes + ITEM_BYTES * elementsIn(text) + VALUE_BYTES * valuesIn(text)
}

function lineBreaksIn(text: string, atMost: number): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1 && count < atMost; at = text.indexOf('\n', at + 1)) {
    count += 1
  }
  return count
}

/** Exact for a valid array; of what only looks like one, the line breaks are what counts. */
function elementsIn(text: string): number {
  const start = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0
  return topLevelCommasOf(text, start)
}

function valuesIn(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === COMMA || char === OPEN_BRACKET || char === OPEN_BRACE) count += 1
  }
  return count
}

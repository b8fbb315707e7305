import { hash } from 'node:crypto'
import type { Replace } from './path-tree.ts'

/** The block of SHA-256, and the two pads of HMAC (RFC 2104). */
const BLOCK_BYTES = 64
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c
const DIGEST_BYTES = 32
/** The longest text that is hashed without a buffer of its own, and that is remembered. */
const MOST_REMEMBERED_BYTES = 1_024
/** The memory of an entry, beside its text: the digest in hex, the strings, the place in the map. */
const ENTRY_BYTES = 200

/**
 * Makes a function that returns the HMAC-SHA-256 of a text, in hex. It remembers recent texts, within
 * `maxBytes`. It hashes the padded key and the text in one call each, a fifth of the time of `createHmac`.
 */
export function createKeyedHash(key: string, maxBytes: number): Replace {
  const inner = padded(key, INNER_PAD)
  const outer = padded(key, OUTER_PAD)
  const scratch = Buffer.concat([inner, Buffer.alloc(MOST_REMEMBERED_BYTES)])
  const outerScratch = Buffer.concat([outer, Buffer.alloc(DIGEST_BYTES)])
  let recent = new Map<string, string>()
  let older = new Map<string, string>()
  let recentBytes = 0

  return function keyedHash(text) {
    const known = recent.get(text)
    if (known !== undefined) return known
    // UTF-8 has at most three bytes for a unit of UTF-16.
    if (text.length * 3 > MOST_REMEMBERED_BYTES)
      return digest(Buffer.concat([inner, Buffer.from(text)]))
    const end = BLOCK_BYTES + scratch.write(text, BLOCK_BYTES)
    const hashed = older.get(text) ?? digest(scratch.subarray(0, end))
    // The copy keeps the event, of which the text is a part, out of the memory.
    remember(scratch.toString('utf8', BLOCK_BYTES, end), hashed)
    return hashed
  }

  function digest(bytes: Uint8Array): string {
    hash('sha256', bytes, 'buffer').copy(outerScratch, BLOCK_BYTES)
    return hash('sha256', outerScratch, 'hex')
  }

  /** Forgets the older half of the memory when the newer half is full. */
  function remember(text: string, hashed: string): void {
    recent.set(text, hashed)
    recentBytes += 2 * text.length + ENTRY_BYTES
    if (recentBytes < maxBytes / 2) return
    older = recent
    recent = new Map()
    recentBytes = 0
  }
}

function padded(key: string, pad: number): Buffer {
  const bytes = Buffer.from(key)
  const block = Buffer.alloc(BLOCK_BYTES)
  const short = bytes.length > BLOCK_BYTES ? hash('sha256', bytes, 'buffer') : bytes
  short.copy(block)
  for (const [at, byte] of block.entries()) block[at] = byte ^ pad
  return block
}

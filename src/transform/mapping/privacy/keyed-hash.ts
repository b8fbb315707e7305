import { hash } from 'node:crypto'
import type { Replace } from './path-tree.ts'
import { createRecentTexts } from './recent-texts.ts'

/** The block of SHA-256, and the two pads of HMAC (RFC 2104). */
const BLOCK_BYTES = 64
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c
const DIGEST_BYTES = 32
/** The longest text that is remembered, and hashed without a buffer of its own. */
const MOST_LENGTH = 256
/** The most bytes of UTF-8 for a unit of UTF-16. */
const BYTES_A_UNIT = 3

/**
 * Makes a function that returns the HMAC-SHA-256 of a text, in hex. It remembers recent texts,
 * within `maxBytes`. It hashes the padded key and the text in one call each, a fifth of the time of
 * `createHmac`.
 */
export function createKeyedHash(key: string, maxBytes: number): Replace {
  const inner = padded(key, INNER_PAD)
  const scratch = Buffer.concat([inner, Buffer.alloc(MOST_LENGTH * BYTES_A_UNIT)])
  const outer = Buffer.concat([padded(key, OUTER_PAD), Buffer.alloc(DIGEST_BYTES)])
  const recent = createRecentTexts<string>(maxBytes)

  return function keyedHash(text) {
    if (text.length > MOST_LENGTH) return digest(Buffer.concat([inner, Buffer.from(text)]))
    const known = recent.recall(text)
    if (known !== undefined) return known
    const end = BLOCK_BYTES + scratch.write(text, BLOCK_BYTES)
    const hashed = digest(scratch.subarray(0, end))
    recent.remember(text, hashed)
    return hashed
  }

  function digest(bytes: Uint8Array): string {
    hash('sha256', bytes, 'buffer').copy(outer, BLOCK_BYTES)
    return hash('sha256', outer, 'hex')
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

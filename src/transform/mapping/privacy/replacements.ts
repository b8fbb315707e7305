import type { Replace } from './path-tree.ts'

const DEVICE = '$device:'
const MASK = '*'
/** A hash, and the proof that its key made it: the hash of the hash behind a word. */
const PROVEN = /^([0-9a-f]{64})\.([0-9a-f]{64})$/
const PROOF = 'hash in a letter: '

/**
 * Replaces a text by its keyed hash. The prefix of Mixpanel's device ids stays before it. A hash with
 * its proof comes from a letter: it loses the proof, and is not hashed again.
 */
export function hashWith(keyedHash: Replace): Replace {
  return behindDevice((id) => provenHash(id, keyedHash) ?? keyedHash(id))
}

/** Replaces a text by its keyed hash and the proof. A hash with its proof stays. */
export function hashInLetterWith(keyedHash: Replace): Replace {
  return behindDevice((id) => {
    const hashed = provenHash(id, keyedHash) ?? keyedHash(id)
    return `${hashed}.${keyedHash(PROOF + hashed)}`
  })
}

function provenHash(text: string, keyedHash: Replace): string | undefined {
  const [, hashed, proof] = PROVEN.exec(text) ?? []
  return hashed !== undefined && keyedHash(PROOF + hashed) === proof ? hashed : undefined
}

function behindDevice(replace: Replace): Replace {
  return function replaceId(text) {
    if (!text.startsWith(DEVICE)) return replace(text)
    const id = text.slice(DEVICE.length)
    return id === '' ? text : DEVICE + replace(id)
  }
}

/** Masks a text except for its last characters: `count` of them, and never more than half. */
export function maskBut(count: number): Replace {
  return function mask(text) {
    const characters = [...text]
    const shown = Math.min(count, Math.floor(characters.length / 2))
    const masked = characters.length - shown
    return MASK.repeat(masked) + characters.slice(masked).join('')
  }
}

/** Cuts a text after `count` characters. No character is cut in half. */
export function cutAfter(count: number): Replace {
  return function cut(text) {
    if (text.length <= count) return text
    let end = 0
    for (let left = count; left > 0 && end < text.length; left -= 1) {
      end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1
    }
    return text.slice(0, end)
  }
}

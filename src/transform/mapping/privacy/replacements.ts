import type { Replace } from './path-tree.ts'

const DEVICE = '$device:'
const MASK = '*'

/** Replaces a text by its keyed hash. The prefix of Mixpanel's device ids stays before it. */
export function hashWith(keyedHash: Replace): Replace {
  return function hash(text) {
    if (!text.startsWith(DEVICE)) return keyedHash(text)
    const id = text.slice(DEVICE.length)
    return id === '' ? text : DEVICE + keyedHash(id)
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

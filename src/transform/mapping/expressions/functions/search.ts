import { type At, spend } from '../part.ts'

/** The length up to which a search takes no longer than one for a single character. */
const SHORT = 100
const SURROGATE = /[\ud800-\udfff]/

/** Counts the work of reading a text once. */
export function scanned(whole: string, { frame, site }: At): string {
  spend(frame, whole.length, site)
  return whole
}

/** Counts the work of a search. The engine may compare a long part at each place. */
export function searched(whole: string, part: string, { frame, site }: At): string {
  spend(frame, whole.length * (part.length > SHORT ? part.length / 8 : 1), site)
  return whole
}

/** Returns the number of characters of a text. A pair of surrogates is one. */
export function sizeOf(whole: string): number {
  let size = whole.length
  if (!SURROGATE.test(whole)) return size
  for (let at = 1; at < whole.length; at++) {
    if (isLow(whole.charCodeAt(at)) && isHigh(whole.charCodeAt(at - 1))) size--
  }
  return size
}

/** Returns the index in code units of a character; 0 for one before it, the end or more past it. */
export function unitAt(whole: string, character: number): number {
  const last = Math.min(Math.max(character, 0), whole.length)
  if (!SURROGATE.test(whole)) return last
  let at = 0
  for (let left = last; left > 0; left--) {
    at += isHigh(whole.charCodeAt(at)) && isLow(whole.charCodeAt(at + 1)) ? 2 : 1
  }
  return at
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

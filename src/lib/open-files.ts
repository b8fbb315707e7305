import { readFileSync } from 'node:fs'

/** A limit that every system grants, for one that does not tell its own. */
const USUAL_LIMIT = 1_024

/** How many file descriptors this process may have open. Opens one itself: ask once, at the start. */
export function maxOpenFiles(read = readLimits): number {
  try {
    const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(read()) ?? []
    if (soft === 'unlimited') return Number.POSITIVE_INFINITY
    return soft === undefined ? USUAL_LIMIT : Number(soft)
  } catch {
    // No Linux, or no /proc.
    return USUAL_LIMIT
  }
}

function readLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8')
}

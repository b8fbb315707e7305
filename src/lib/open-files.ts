import { readFileSync } from 'node:fs'

/** A limit that every system grants, for a system that does not state its own. */
const USUAL_LIMIT = 1_024

/**
 * Returns the number of file descriptors that this process may have open. It opens one itself: call
 * it once, at the start.
 */
export function maxOpenFiles(read = readLimits): number {
  try {
    const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(read()) ?? []
    if (soft === 'unlimited') return Number.POSITIVE_INFINITY
    return soft === undefined ? USUAL_LIMIT : Number(soft)
  } catch {
    // The system is not Linux, or has no /proc.
    return USUAL_LIMIT
  }
}

function readLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8')
}

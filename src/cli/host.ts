import { statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Host } from '../config-rules.ts'

/** This machine, as the configuration asks about it. */
export const thisHost: Host = {
  memoryLimitBytes: Math.min(process.constrainedMemory() || totalmem(), totalmem()),
  deviceOf: (path) => deviceOf(resolve(path)),
}

function deviceOf(path: string): number | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats) return stats.dev
  } catch {
    // Not ours to look into, and so not ours to write to either.
    return undefined
  }
  return dirname(path) === path ? undefined : deviceOf(dirname(path))
}

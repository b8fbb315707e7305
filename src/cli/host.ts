import { statfsSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { Host, Volume } from '../config/rules.ts'
import { oldSpaceOf } from './old-space.ts'

const memoryLimitBytes = Math.min(process.constrainedMemory() || totalmem(), totalmem())

/** This machine, as the configuration asks about it. */
export const thisHost: Host = {
  memoryLimitBytes,
  heapLimitBytes: oldSpaceOf(nodeFlags(), memoryLimitBytes) ?? getHeapStatistics().heap_size_limit,
  volumeOf: (path) => volumeOf(resolve(path)),
}

function nodeFlags(): readonly string[] {
  return [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv]
}

/** The types of tmpfs and ramfs (https://man7.org/linux/man-pages/man2/statfs.2.html). */
const IN_MEMORY = [0x01021994, 0x858458f6]

function volumeOf(path: string): Volume | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats) return { device: stats.dev, inMemory: isInMemory(path) }
  } catch {
    // A path that the service may not look into is no place for it to write to, either.
    return undefined
  }
  return dirname(path) === path ? undefined : volumeOf(dirname(path))
}

function isInMemory(path: string): boolean {
  const { type } = statfsSync(path)
  return IN_MEMORY.includes(type >>> 0)
}

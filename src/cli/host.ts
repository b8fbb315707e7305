import { statfsSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { Host, Volume } from '../config/rules.ts'
import { probeInTime } from '../dead-letter/probe-in-time.ts'
import type { Clock } from '../lib/clock.ts'
import { findOldSpace } from './old-space.ts'

/** The service ends within five seconds of its start. */
const MAX_LOOK_MS = 4_000

const memoryLimitBytes = Math.min(process.constrainedMemory() || totalmem(), totalmem())

/** The machine, for the rules of the configuration. */
export const thisHost: Host = {
  memoryLimitBytes,
  heapLimitBytes:
    findOldSpace(nodeFlags(), memoryLimitBytes) ?? getHeapStatistics().heap_size_limit,
  volumeOf: (path) => volumeOf(resolve(path)),
}

interface Look {
  readonly clock: Pick<Clock, 'after'>
  /** Resolves or rejects when the folder has answered. */
  readonly lookAt?: (path: string) => Promise<unknown>
}

/**
 * Resolves when a folder has answered in any way. A volume that does not answer would block
 * `volumeOf`, which is synchronous, for ever: rejects with an `UnresponsiveFolderError`.
 */
export async function waitForFolder(path: string, { clock, lookAt = stat }: Look): Promise<void> {
  const probe = (): Promise<void> => lookAt(path).then(NOTHING, NOTHING)
  await probeInTime({ probe, withinMs: MAX_LOOK_MS, clock })
}

const NOTHING = (): void => {}

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
    // The service cannot write to a path that it may not look into, either.
    return undefined
  }
  return dirname(path) === path ? undefined : volumeOf(dirname(path))
}

function isInMemory(path: string): boolean {
  const { type } = statfsSync(path)
  return IN_MEMORY.includes(type >>> 0)
}

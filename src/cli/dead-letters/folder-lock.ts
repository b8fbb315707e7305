import { open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import { UserMistake } from '../frame/io.ts'

/** A folder that no other command changes meanwhile. */
export interface FolderLock {
  release(): Promise<void>
}

interface Holder {
  readonly pid: number
  readonly host: string
  readonly at: string
}

const LOCK_FILE = 'replay.lock'

/**
 * Locks a folder for this process. Throws a `UserMistake` that names the process that holds the
 * lock. A lock whose process has ended is named, too, and stays: its owner may look at it first.
 */
export async function lockFolder(folder: string, { now }: Pick<Clock, 'now'>): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE)
  const holder: Holder = { pid: process.pid, host: hostname(), at: new Date(now()).toISOString() }
  const file = await open(path, 'wx', 0o600).catch(async (error: unknown) => {
    if (!isTaken(error)) throw error
    throw new UserMistake(await describeLock(path))
  })
  try {
    await file.writeFile(`${JSON.stringify(holder)}\n`)
  } finally {
    await file.close()
  }
  return { release: () => rm(path, { force: true }) }
}

async function describeLock(path: string): Promise<string> {
  const holder = readHolder(await readFile(path, 'utf8').catch(() => ''))
  if (holder === undefined) return `${path} is a lock of an unknown process: remove it if none runs`
  const { pid, host, at } = holder
  const who = `process ${pid} on ${host}, which took it at ${at}`
  if (host !== hostname() || isAlive(pid)) return `${path} is the lock of ${who}`
  return `${path} is the lock of ${who} and has ended: remove the file, and try again`
}

function readHolder(text: string): Holder | undefined {
  try {
    const { pid, host, at } = JSON.parse(text)
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
    return { pid, host: String(host), at: String(at) }
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // A process of another user may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

// A disk that fails as `disk.ts` tells it to, and that keeps only synced bytes. Node loads this
// file before the service, into the same process. A write to the full disk leaves half of its
// bytes. The service's code is unchanged; this file changes Node's file handles.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const folder = process.env.FAULTY_DISK ?? ''
const LOOK_AGAIN_MS = 5

const handle = await open(devNull)
const prototype = Object.getPrototypeOf(handle)
await handle.close()
const { appendFile, datasync, stat, truncate } = prototype

/** Written bytes that are not synced. They are lost with the process, as with a lost machine. */
const unsynced = new WeakMap<object, Uint8Array[]>()

prototype.appendFile = async function appendToFaultyDisk(bytes: Uint8Array) {
  await slowness()
  if (isSet('full')) {
    await appendFile.call(this, bytes.subarray(0, bytes.length / 2))
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  unsynced.set(this, [...(unsynced.get(this) ?? []), Buffer.from(bytes)])
}

prototype.datasync = async function syncFaultyDisk() {
  await slowness()
  const bytes = Buffer.concat(unsynced.get(this) ?? [])
  unsynced.delete(this)
  await appendFile.call(this, bytes)
  await datasync.call(this)
  if (isSet('hold')) writeFileSync(join(folder, 'holding'), 'yes')
  while (isSet('hold')) await setTimeout(LOOK_AGAIN_MS)
}

/** Adds the bytes that are not synced to the size, as a file system does. */
prototype.stat = async function statFaultyDisk(options: unknown) {
  const stats = await stat.call(this, options)
  const bytes = Buffer.concat(unsynced.get(this) ?? []).length
  stats.size += typeof stats.size === 'bigint' ? BigInt(bytes) : bytes
  return stats
}

prototype.truncate = async function truncateFaultyDisk(length: number) {
  unsynced.delete(this)
  await truncate.call(this, length)
}

async function slowness(): Promise<void> {
  if (isSet('slow')) await setTimeout(Number(readFileSync(join(folder, 'slow'), 'utf8')))
}

function isSet(name: string): boolean {
  return existsSync(join(folder, name))
}

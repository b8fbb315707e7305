// Loaded into the service's process before the service: a disk that fails as `disk.ts` tells it to.
// The service's code runs as it is; what is changed is what Node's file handles do.
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
const { appendFile, datasync } = prototype

prototype.appendFile = async function appendToFaultyDisk(...args: unknown[]) {
  await slowness()
  if (isSet('full')) {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  return appendFile.apply(this, args)
}

prototype.datasync = async function syncFaultyDisk(...args: unknown[]) {
  await slowness()
  const result = await datasync.apply(this, args)
  if (isSet('hold')) writeFileSync(join(folder, 'holding'), 'yes')
  while (isSet('hold')) await setTimeout(LOOK_AGAIN_MS)
  return result
}

async function slowness(): Promise<void> {
  if (isSet('slow')) await setTimeout(Number(readFileSync(join(folder, 'slow'), 'utf8')))
}

function isSet(name: string): boolean {
  return existsSync(join(folder, name))
}

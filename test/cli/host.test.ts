import assert from 'node:assert/strict'
import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { thisHost } from '../../src/cli/host.ts'
import { aFolder } from '../helpers/world.ts'

const TMPFS = 0x01021994
const SHARED_MEMORY = '/dev/shm'
const hasSharedMemory = existsSync(SHARED_MEMORY) && statfsSync(SHARED_MEMORY).type === TMPFS

describe('the volume of a path', () => {
  it('is in memory on a tmpfs', { skip: !hasSharedMemory }, () => {
    assert.equal(thisHost.volumeOf(join(SHARED_MEMORY, 'not', 'there'))?.inMemory, true)
  })

  it('is that of the nearest parent that exists', async (t) => {
    const folder = await aFolder(t)

    assert.deepEqual(thisHost.volumeOf(join(folder, 'not', 'there')), thisHost.volumeOf(folder))
  })
})

import assert from 'node:assert/strict'
import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { thisHost, waitForFolder } from '../../src/cli/host.ts'
import { UnresponsiveFolderError } from '../../src/dead-letter/probe-in-time.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
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

describe('a folder that the configuration asks about', () => {
  it('is not waited for longer than 4 s when it gives no answer', async () => {
    const clock = createFakeClock()
    const lookAt = (): Promise<never> => new Promise(() => {})
    const waited = assert.rejects(waitForFolder('/mnt', { clock, lookAt }), UnresponsiveFolderError)

    await clock.advance(4_000)

    await waited
  })

  it('has answered whether it exists or not', async (t) => {
    const clock = createFakeClock()
    const folder = await aFolder(t)

    await waitForFolder(folder, { clock })
    await waitForFolder(join(folder, 'not', 'there'), { clock })

    assert.equal(clock.pending(), 0)
  })
})

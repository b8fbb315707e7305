import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { createDisk, type Disk } from '../../../bench/survival/disk.ts'
import { aFolder } from '../../helpers/world.ts'

const run = promisify(execFile)

describe('the faulty disk', () => {
  it('has what was synced, and nothing else', async (t) => {
    const { disk, file } = await aDisk(t)
    await write(disk, file, "await file.appendFile(Buffer.from('one')); await file.datasync()")
    await write(disk, file, "await file.appendFile(Buffer.from('two'))")

    assert.equal(await readFile(file, 'utf8'), 'one')
  })

  it('takes half of a write when it is full', async (t) => {
    const { disk, file } = await aDisk(t)
    disk.setFull(true)

    await assert.rejects(write(disk, file, "await file.appendFile(Buffer.from('four'))"), /ENOSPC/)
    assert.equal(await readFile(file, 'utf8'), 'fo')
  })
})

async function aDisk(t: TestContext): Promise<{ disk: Disk; file: string }> {
  const folder = await aFolder(t)
  return { disk: createDisk(join(folder, 'switches')), file: join(folder, 'file') }
}

/** In a process of its own, with the file open. */
function write(disk: Disk, path: string, script: string): Promise<unknown> {
  const source = `const file = await (await import('node:fs/promises')).open(process.argv[1], 'a')
${script}`
  const args = ['--input-type=module', '--eval', source, path]
  return run(process.execPath, args, { env: { ...process.env, ...disk.env } })
}

import assert from 'node:assert/strict'
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createLetterReader } from '../../src/cli/letter-reader.ts'
import { aFolder } from '../helpers/world.ts'

describe('the reader of dead letters', () => {
  it('reads each letter once, of every file, and no half of one', async (t) => {
    const folder = await aFolder(t)
    const reader = createLetterReader(folder)
    const idsRead = () => reader.readNew().map(({ id }) => id)
    const file = join(folder, 'a.ndjson')

    assert.deepEqual(idsRead(), [])
    await writeFile(file, '{"id":"1"}\n{"id":')
    assert.deepEqual(idsRead(), ['1'])
    await appendFile(file, '"é"}\n')
    await writeFile(join(folder, 'b.ndjson'), '{"id":"3"}\n')
    assert.deepEqual(idsRead(), ['é', '3'])
    assert.deepEqual(idsRead(), [])
  })

  it('finds no letter in a torn line that was written on', async (t) => {
    const folder = await aFolder(t)
    await writeFile(join(folder, 'a.ndjson'), '{"id":"1"{"id":"2"}\n{"id":"3"}\n')

    const letters = createLetterReader(folder).readNew()
    assert.deepEqual(letters, [{ id: '3' }])
  })

  it('reads nothing in a file that is gone by the time it is opened', async (t) => {
    const folder = await aFolder(t)
    await symlink(join(folder, 'nowhere'), join(folder, 'a.ndjson'))

    assert.deepEqual(createLetterReader(folder).readNew(), [])
  })

  it('reads nothing while the folder is gone, and goes on when it is there again', async (t) => {
    const folder = join(await aFolder(t), 'letters')
    const reader = createLetterReader(folder)

    assert.deepEqual(reader.readNew(), [])
    await mkdir(folder)
    await writeFile(join(folder, 'a.ndjson'), '{"id":"1"}\n')

    assert.deepEqual(reader.readNew(), [{ id: '1' }])
  })

  it('leaves alone what is no file of letters', async (t) => {
    const folder = await aFolder(t)
    await writeFile(join(folder, 'probe-1'), '{\n')

    assert.deepEqual(createLetterReader(folder).readNew(), [])
  })
})

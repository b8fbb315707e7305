import assert from 'node:assert/strict'
import { appendFile, mkdir, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createLetterFolder } from '../../bench/survival/letter-folder.ts'
import { aFolder } from '../helpers/world.ts'

const ABOUT = { reason: 'r', detail: 'd', message: { subscription: 's' } }

describe('the letter folder of a survival run', () => {
  it('reads the text of an event, or the data of what could not be read', async (t) => {
    const { folder, write, path } = await aLetterFolder(t)
    await write(path('a'), { id: '1', ...ABOUT, event: '{"event":' })
    await write(path('a'), { id: '2', ...ABOUT, data: 'e/8=' })

    const published = folder.readNew().map((letter) => letter.published)
    assert.deepEqual(published, ['{"event":', 'e/8='])
  })

  it('reads each letter once, keeps it, and leaves a torn line alone', async (t) => {
    const { folder, write, path } = await aLetterFolder(t)
    await write(path('a'), { id: '1', ...ABOUT, event: '' })
    await appendFile(path('a'), '{"id":"2"')

    assert.equal(folder.readNew().length, 1)
    assert.equal(folder.readNew().length, 0)
    assert.deepEqual(folder.all(), [
      { id: '1', reason: 'r', detail: 'd', subscription: 's', published: '' },
    ])
  })

  it('reads on in files that it has moved, and in new ones', async (t) => {
    const { folder, write, path, place } = await aLetterFolder(t)
    await write(path('a'), { id: '1', ...ABOUT })
    const moved = await open(path('a'), 'a')
    folder.moveFiles()
    await moved.appendFile(`${JSON.stringify({ id: '2', ...ABOUT })}\n`)
    await moved.close()
    await write(path('b'), { id: '3', ...ABOUT })

    folder.readNew()

    assert.deepEqual(idsIn(folder), ['1', '2', '3'])
    assert.deepEqual(await readdir(place), ['b.ndjson'])
  })

  it('does not see what is written to a file after it has deleted it', async (t) => {
    const { folder, write, path } = await aLetterFolder(t)
    await write(path('a'), { id: '1', ...ABOUT })
    const deleted = await open(path('a'), 'a')
    folder.deleteFiles()
    await deleted.appendFile(`${JSON.stringify({ id: '2', ...ABOUT })}\n`)
    await deleted.close()

    folder.readNew()

    assert.deepEqual(idsIn(folder), ['1'])
  })

  it('reads what is in the folder, and deletes it, and reads in the next', async (t) => {
    const { folder, write, path, place } = await aLetterFolder(t)
    await write(path('a'), { id: '1', ...ABOUT })
    folder.deleteFolder()
    await assert.rejects(stat(place), { code: 'ENOENT' })

    await mkdir(place)
    await write(path('b'), { id: '2', ...ABOUT })
    folder.readNew()

    assert.deepEqual(idsIn(folder), ['1', '2'])
  })
})

async function aLetterFolder(t: TestContext) {
  const root = await aFolder(t)
  const place = join(root, 'dead-letters')
  await mkdir(place)
  const folder = createLetterFolder(place, join(root, 'aside'))
  t.after(folder.close)
  return { folder, write, place, path: (name: string) => join(place, `${name}.ndjson`) }
}

async function write(path: string, letter: object): Promise<void> {
  await appendFile(path, `${JSON.stringify(letter)}\n`)
}

function idsIn(folder: ReturnType<typeof createLetterFolder>): readonly string[] {
  return folder.all().map(({ id }) => id)
}

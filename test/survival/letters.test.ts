import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createLetterReader } from '../../bench/survival/letters.ts'
import { aFolder } from '../helpers/world.ts'

describe('the letters of a survival run', () => {
  it('hold the text of an event, or the data of what could not be read', async (t) => {
    const about = { id: '1', reason: 'r', detail: 'd', message: { subscription: 's' } }
    const reader = createLetterReader(
      await folderWith(t, [
        { ...about, event: '{"event":' },
        { ...about, data: 'e/8=' },
      ]),
    )

    const published = reader.readNew().map((letter) => letter.published)
    assert.deepEqual(published, ['{"event":', 'e/8='])
  })

  it('are kept when they have been read', async (t) => {
    const letter = { id: '1', reason: 'r', detail: 'd', event: '', message: { subscription: 's' } }
    const reader = createLetterReader(await folderWith(t, [letter]))

    assert.equal(reader.readNew().length, 1)
    assert.equal(reader.readNew().length, 0)
    assert.deepEqual(reader.all(), [
      { id: '1', reason: 'r', detail: 'd', subscription: 's', published: '' },
    ])
  })
})

async function folderWith(
  t: Parameters<typeof aFolder>[0],
  letters: readonly object[],
): Promise<string> {
  const folder = await aFolder(t)
  const lines = letters.map((letter) => `${JSON.stringify(letter)}\n`)
  await writeFile(join(folder, 'a.ndjson'), lines.join(''))
  return folder
}

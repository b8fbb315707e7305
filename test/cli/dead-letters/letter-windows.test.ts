import assert from 'node:assert/strict'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createFolderSource } from '../../../src/cli/dead-letters/folder-source.ts'
import { letterWindows, type WindowOptions } from '../../../src/cli/dead-letters/letter-windows.ts'
import type { StoredLetter } from '../../../src/dead-letter/stored-letter.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { startLetters } from './letters-scene.ts'

const ANY = { isSelected: () => true, events: 3, limit: 100 }

/** Opens a folder for reading. */
function openFolder(folder: string) {
  const source = createFolderSource(folder, { clock: systemClock })
  return source.open({ applies: false, window: 1 })
}

async function windowsOf(folder: string, options: WindowOptions) {
  const windows: (readonly StoredLetter[])[] = []
  const reading = await openFolder(folder)
  for await (const window of letterWindows(reading, options)) windows.push(window)
  return windows
}

describe('the windows of letters', () => {
  it('end with so many events, however many letters they are', async (t) => {
    const { folder, letters } = await startLetters(t)
    const many = { line: 0, reason: 'too_many_rejected', events: 7, lines: '1-7' } as const
    await letters([
      aDeadLetter({ id: '1-1' }),
      aDeadLetter({ id: '2-0', ...many }),
      aDeadLetter({ id: '3-1' }),
      aDeadLetter({ id: '4-1' }),
      aDeadLetter({ id: '5-1' }),
      aDeadLetter({ id: '6-1' }),
    ])

    const windows = await windowsOf(folder, ANY)

    assert.deepEqual(
      windows.map((window) => window.map(({ id }) => id)),
      [['1-1', '2-0'], ['3-1', '4-1', '5-1'], ['6-1']],
    )
  })

  it('end when their texts are long', async (t) => {
    const { folder, letters } = await startLetters(t)
    const event = 'x'.repeat(900)
    await letters(['1-1', '1-2', '1-3'].map((id) => aDeadLetter({ id, event })))

    const windows = await windowsOf(folder, { ...ANY, characters: 1_600 })

    assert.deepEqual(
      windows.map((window) => window.length),
      [2, 1],
    )
  })

  it('hold only those that are selected, up to the limit', async (t) => {
    const { folder, letters } = await startLetters(t)
    await letters(['1-1', '1-2', '1-3', '1-4'].map((id) => aDeadLetter({ id })))
    const isSelected = ({ id }: { id: string }) => id !== '1-2'

    const windows = await windowsOf(folder, { isSelected, events: 1, limit: 2 })

    assert.deepEqual(
      windows.flatMap((window) => window.map(({ id }) => id)),
      ['1-1', '1-3'],
    )
  })

  it('do not hold letters that are stored meanwhile', async (t) => {
    const { folder, letters } = await startLetters(t)
    await letters([aDeadLetter({ id: '1-1' }), aDeadLetter({ id: '1-2' })])
    const found: string[] = []

    for await (const window of letterWindows(await openFolder(folder), { ...ANY, events: 1 })) {
      found.push(...window.map(({ id }) => id))
      await letters([aDeadLetter({ id: `new-${found.length}` })], `b${found.length}.ndjson`)
      await appendFile(join(folder, 'a.ndjson'), `${JSON.stringify(aDeadLetter({ id: '1-3' }))}\n`)
    }

    assert.deepEqual(found, ['1-1', '1-2'])
  })
})

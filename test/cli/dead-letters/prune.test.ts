import assert from 'node:assert/strict'
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openReplayedLog } from '../../../src/dead-letter/replayed-log.ts'
import type { DeadLetter } from '../../../src/model/dead-letter.ts'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { createFakeClock } from '../../helpers/fake-clock.ts'
import { startLetters } from './letters-scene.ts'

const NOW = Date.parse('2026-12-31T00:00:00Z')
const DAY_MS = 86_400_000
const [ONE, TWO, OPEN] = ['1-1', '1-2', '1-3'].map((id) => aDeadLetter({ id }))

/** A folder in which letters one and two are done. All files are as old as `days`. */
async function startScene(t: TestContext) {
  const scene = await startLetters(t, { clock: createFakeClock(NOW) })
  const log = await openReplayedLog(scene.folder)
  const done = [ONE, TWO].filter((letter) => letter !== undefined)
  await log.append(done.map((letter) => ({ letter, outcome: 'imported', at: 0 })))
  await log.close()
  return { ...scene, file, left }

  async function file(name: string, days: number, text: string): Promise<void> {
    const path = await scene.write(name, text)
    const at = new Date(NOW - days * DAY_MS)
    await utimes(path, at, at)
  }

  async function left(): Promise<readonly string[]> {
    return (await readdir(scene.folder)).sort()
  }
}

function lines(...letters: readonly (DeadLetter | undefined)[]): string {
  return letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
}

describe('dead-letters prune', () => {
  it('removes old files all of whose letters are done, and nothing else', async (t) => {
    const { file, left, run, folder } = await startScene(t)
    await file('done.ndjson', 31, lines(ONE, TWO, ONE))
    await file('young.ndjson', 29, lines(ONE))
    await file('open.ndjson', 31, lines(ONE, OPEN))
    await file('again.ndjson', 31, lines({ ...aDeadLetter(), replays: 1 }))
    await file('odd.ndjson', 31, `${lines(ONE)}{}\n`)
    await file('torn.ndjson', 31, `${lines(ONE)}${JSON.stringify(TWO)}`)
    await file('empty.ndjson', 31, '')
    await file('notes.txt', 31, lines(ONE))
    await file('replayed.ndjson.bak', 31, lines(ONE))

    const { code, out } = await run('prune', '--done')

    assert.equal(code, 0)
    assert.equal(out, `${join(folder, 'done.ndjson')}\n1 file with 3 letters removed, 6 kept\n`)
    assert.deepEqual(await left(), [
      'again.ndjson',
      'empty.ndjson',
      'notes.txt',
      'odd.ndjson',
      'open.ndjson',
      'replayed.ndjson',
      'replayed.ndjson.bak',
      'torn.ndjson',
      'young.ndjson',
    ])
  })

  it('takes another age, and prints JSON', async (t) => {
    const { file, run, folder } = await startScene(t)
    await file('a.ndjson', 1, lines(ONE))

    assert.match((await run('prune', '--done', '--older-than', '2d')).out, /^0 files/)
    const { out } = await run('prune', '--done', '--older-than', '12h', '--json')

    assert.deepEqual(JSON.parse(out), { removed: [join(folder, 'a.ndjson')], letters: 1, kept: 0 })
  })

  it('removes nothing unless it is told that letters may go, nor while others work', async (t) => {
    const { file, left, write, run } = await startScene(t)
    await file('a.ndjson', 31, lines(ONE))

    const untold = await run('prune')
    await write('replay.lock', JSON.stringify({ pid: process.pid, host: 'other', at: '' }))
    const locked = await run('prune', '--done')

    assert.deepEqual([untold.code, locked.code], [2, 2])
    assert.match(untold.err, /add --done/)
    assert.match(locked.err, /is the lock of process/)
    assert.deepEqual(await left(), ['a.ndjson', 'replay.lock', 'replayed.ndjson'])
  })
})

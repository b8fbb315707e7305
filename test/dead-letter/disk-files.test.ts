import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createFileSink } from '../../src/dead-letter/file-sink.ts'
import { diskFiles } from '../../src/dead-letter/files.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { aDeadLetter } from './a-dead-letter.ts'

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'letters-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

function aSink(t: TestContext, folder: string) {
  const options = { folder, maxFileBytes: 1_000_000, maxQueuedBytes: 1_000_000 }
  const sink = createFileSink(options, { clock: createFakeClock() })
  t.after(sink.close)
  return sink
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

describe('dead letters on a real disk', () => {
  it('lie in files and folders only their owner may enter', async (t) => {
    const parent = join(await aFolder(t), 'new')
    const folder = join(parent, 'letters')
    const sink = aSink(t, folder)

    await sink.probe()
    await sink.store([aDeadLetter()])

    const [name = '', ...others] = await readdir(folder)
    assert.deepEqual(others, [])
    assert.equal(await modeOf(join(folder, name)), 0o600)
    assert.deepEqual([await modeOf(folder), await modeOf(parent)], [0o700, 0o700])
  })

  it('are read back as they were stored, lone surrogates and line breaks included', async (t) => {
    const folder = await aFolder(t)
    const letters = ['{"a":"\ud800"}', 'one\ntwo\u2028three', ''].map((event, line) =>
      aDeadLetter({ event, line }),
    )

    await aSink(t, folder).store(letters)

    const [name = ''] = await readdir(folder)
    const lines = (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      letters,
    )
  })

  it('of several processes share a folder and no file', async (t) => {
    const folder = await aFolder(t)

    await Promise.all([1, 2, 3].map(() => aSink(t, folder).store([aDeadLetter()])))

    assert.equal((await readdir(folder)).length, 3)
  })

  it('never go into a file that was there', async (t) => {
    const path = join(await aFolder(t), 'taken')
    await writeFile(path, 'before')

    await assert.rejects(diskFiles.create(path), { code: 'EEXIST' })

    assert.equal(await readFile(path, 'utf8'), 'before')
  })

  it('cannot be kept where there is a file for a folder', async (t) => {
    const folder = join(await aFolder(t), 'taken')
    await writeFile(folder, '')

    await assert.rejects(aSink(t, folder).probe(), /^Error: DEAD_LETTER=file: .*\(EEXIST\)/)
  })
})

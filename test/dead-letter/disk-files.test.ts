import assert from 'node:assert/strict'
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createFileSink } from '../../src/dead-letter/file-sink.ts'
import { createDiskFiles, type Open } from '../../src/dead-letter/files.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { aDeadLetter } from './a-dead-letter.ts'

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'letters-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

function aSink(t: TestContext, folder: string, openFile?: Open) {
  const options = { folder, maxFileBytes: 1_000_000, maxQueuedBytes: 1_000_000 }
  const files = createDiskFiles(openFile)
  const sink = createFileSink(options, { clock: createFakeClock(), files })
  t.after(sink.close)
  return sink
}

/** The real disk, and what of it a crash of the machine would leave. */
function aNotingDisk() {
  const bytesOnDisk = new Map<string, number>()
  const namesOnDisk = new Map<string, readonly string[]>()
  const openFile: Open = async (path, flags, mode) => {
    const handle = await open(path, flags, mode)
    const sync = async (): Promise<void> => {
      const { size } = await handle.stat()
      const names = flags === 'r' ? await readdir(path) : []
      await handle.sync()
      if (flags === 'r') namesOnDisk.set(path, names)
      else bytesOnDisk.set(path, size)
    }
    return {
      appendFile: (bytes) => handle.appendFile(bytes),
      sync,
      datasync: sync,
      close: () => handle.close(),
    }
  }
  return {
    openFile,
    bytesOnDisk: (path: string) => bytesOnDisk.get(path) ?? 0,
    /** As named in its folder. */
    isNamedOnDisk: (path: string) =>
      namesOnDisk.get(dirname(path))?.some((name) => join(dirname(path), name) === path) ?? false,
  }
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

  it('are on disk, and so are their file’s name and those of new folders, once stored', async (t) => {
    const parent = join(await aFolder(t), 'new')
    const folder = join(parent, 'of', 'letters')
    const disk = aNotingDisk()
    const sink = aSink(t, folder, disk.openFile)

    await sink.probe()
    await sink.store([aDeadLetter()])
    await sink.store([aDeadLetter()])

    const [name = ''] = await readdir(folder)
    const file = join(folder, name)
    assert.equal(disk.bytesOnDisk(file), (await stat(file)).size)
    for (const path of [file, folder, dirname(folder), parent]) {
      assert.ok(disk.isNamedOnDisk(path), path)
    }
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

    await assert.rejects(createDiskFiles().create(path), { code: 'EEXIST' })

    assert.equal(await readFile(path, 'utf8'), 'before')
  })

  it('cannot be kept where there is a file for a folder', async (t) => {
    const folder = join(await aFolder(t), 'taken')
    await writeFile(folder, '')

    await assert.rejects(aSink(t, folder).probe(), /^Error: DEAD_LETTER=file: .*\(EEXIST\)/)
  })
})

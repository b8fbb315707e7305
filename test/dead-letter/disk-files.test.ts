import assert from 'node:assert/strict'
import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises'
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

/** The real disk, what a crash of the machine would leave of it, and what is open. */
function aNotingDisk() {
  let left = 0
  const opened: string[] = []
  const bytesOnDisk = new Map<string, number>()
  const namesOnDisk = new Map<string, readonly string[]>()
  const openFile: Open = async (path, flags, mode) => {
    const handle = await open(path, flags, mode)
    opened.push(path)
    left += 1
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
      stat: (options) => handle.stat(options),
      truncate: (bytes) => handle.truncate(bytes),
      close: () => {
        left -= 1
        return handle.close()
      },
    }
  }
  return {
    openFile,
    opened: () => opened,
    /** How many files and folders are open. */
    open: () => left,
    bytesOnDisk: (path: string) => bytesOnDisk.get(path) ?? 0,
    /** As named in its folder. */
    isNamedOnDisk: (path: string) =>
      namesOnDisk.get(dirname(path))?.some((name) => join(dirname(path), name) === path) ?? false,
  }
}

/** The real disk, as if so many bytes were free on it. */
function aDiskWithRoom(bytes: number): Open {
  const disk = aNotingDisk()
  let room = bytes
  return async (path, flags, mode) => {
    const handle = await disk.openFile(path, flags, mode)
    const appendFile = async (given: Uint8Array): Promise<void> => {
      const taken = given.subarray(0, room)
      room -= taken.length
      await handle.appendFile(taken)
      if (taken.length < given.length) throw new Error('ENOSPC: no space left on device')
    }
    return { ...handle, appendFile }
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

  it('of several processes that begin at once share a new folder and no file', async (t) => {
    const folder = join(await aFolder(t), 'new', 'letters')

    await Promise.all([1, 2, 3].map(() => aSink(t, folder).store([aDeadLetter()])))

    assert.equal((await readdir(folder)).length, 3)
  })

  it('leave no file and no folder open once the sink is closed', async (t) => {
    const disk = aNotingDisk()
    const sink = aSink(t, join(await aFolder(t), 'new'), disk.openFile)

    await sink.probe()
    await sink.store([aDeadLetter()])
    await sink.close()

    assert.equal(disk.open(), 0)
  })

  it('leave nothing of a letter that a full disk takes half of', async (t) => {
    const folder = await aFolder(t)
    const sink = aSink(t, folder, aDiskWithRoom(1_000))
    await sink.store([aDeadLetter({ id: 'a' })])

    await assert.rejects(sink.store([aDeadLetter({ event: 'x'.repeat(2_000) })]))

    const [name = ''] = await readdir(folder)
    const text = await readFile(join(folder, name), 'utf8')
    assert.match(text, /^\{"id":"a".*\}\n$/)
  })

  it('never go into a file that was there', async (t) => {
    const path = join(await aFolder(t), 'taken')
    await writeFile(path, 'before')

    await assert.rejects(createDiskFiles().create(path), { code: 'EEXIST' })

    assert.equal(await readFile(path, 'utf8'), 'before')
  })

  it('need no folder above theirs, when theirs is there', async (t) => {
    const folder = await aFolder(t)
    const disk = aNotingDisk()

    await createDiskFiles(disk.openFile).createFolder(folder)

    assert.deepEqual(disk.opened(), [])
  })

  for (const folder of ['/proc/nope', '/proc/nope/letters', '/proc/self/nope']) {
    it(`cannot be kept in ${folder}, where no folder can be made`, async (t) => {
      const sink = aSink(t, folder)

      await assert.rejects(sink.probe(), /^Error: DEAD_LETTER=file: names a folder that cannot/)
    })
  }

  it('cannot be kept on a full disk, which still has room for a name', async (t) => {
    const sink = aSink(t, await aFolder(t), aDiskWithRoom(0))

    await assert.rejects(sink.probe(), /^Error: DEAD_LETTER=file: .* make room on its disk/)
  })

  it('cannot be kept where there is a file for a folder', async (t) => {
    const folder = join(await aFolder(t), 'taken')
    await writeFile(folder, '')

    await assert.rejects(aSink(t, folder).probe(), /^Error: DEAD_LETTER=file: .*\(EEXIST\)/)
  })
})

describe('the state of a file', () => {
  it('is told in numbers of 64 bits, by its path and while it is open', async (t) => {
    const path = join(await aFolder(t), 'file')
    const files = createDiskFiles()
    const file = await files.create(path)
    await file.write(Buffer.from('seven b'))

    const { dev, ino } = await stat(path, { bigint: true })
    const expected = { device: dev, inode: ino, links: 1, bytes: 7 }
    assert.deepEqual([await files.stateAt(path), await file.state()], [expected, expected])
    await file.close()
  })

  it('is unknown where there is no file', async (t) => {
    const files = createDiskFiles()

    assert.equal(await files.stateAt(join(await aFolder(t), 'none')), undefined)
  })
})

describe('a file of dead letters on a real disk that somebody else', () => {
  const letter = (id: string) => aDeadLetter({ id })

  async function aScene(t: TestContext) {
    const parent = await aFolder(t)
    const folder = join(parent, 'letters')
    const sink = aSink(t, folder)
    await sink.store([letter('a')])
    const [name = ''] = await readdir(folder)
    return { parent, folder, sink, path: join(folder, name), letters: () => idsIn(folder) }
  }

  async function idsIn(folder: string): Promise<string[]> {
    const names = (await readdir(folder)).sort()
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
    return texts.flatMap((text) =>
      [...text.matchAll(/^\{"id":"(\w)".*\}$/gm)].map(([, id]) => id ?? ''),
    )
  }

  it('deletes is followed by another', async (t) => {
    const { sink, path, letters } = await aScene(t)

    await unlink(path)
    await sink.store([letter('b')])

    assert.deepEqual(await letters(), ['b'])
  })

  it('moves is followed by another, and keeps its letters', async (t) => {
    const { sink, path, parent, letters } = await aScene(t)

    await rename(path, join(parent, 'moved'))
    await sink.store([letter('b')])

    assert.deepEqual(await letters(), ['b'])
    assert.match(await readFile(join(parent, 'moved'), 'utf8'), /^\{"id":"a".*\}\n$/)
  })

  it('edits in place, as sed does, is followed by another', async (t) => {
    const { sink, path, letters } = await aScene(t)

    await writeFile(`${path}.new`, '{"id":"x"}\n')
    await rename(`${path}.new`, path)
    await sink.store([letter('b')])

    assert.deepEqual(await letters(), ['x', 'b'])
  })

  for (const [what, change] of [
    ['empties', (path: string) => truncate(path)],
    ['cuts', (path: string) => truncate(path, 7)],
    ['appends to', (path: string) => appendFile(path, '{"id":')],
  ] as const) {
    it(`${what} gets no letter more`, async (t) => {
      const { sink, path, letters } = await aScene(t)

      await change(path)
      const changed = await readFile(path, 'utf8')
      await sink.store([letter('b')])

      assert.equal(await readFile(path, 'utf8'), changed)
      assert.equal((await letters()).at(-1), 'b')
    })
  }

  for (const [what, change] of [
    ['deletes with its folder', (folder: string) => rm(folder, { recursive: true })],
    ['moves with its folder', (folder: string) => rename(folder, `${folder}-moved`)],
  ] as const) {
    it(`${what} is followed by one in a new folder for its owner alone`, async (t) => {
      const { sink, folder, letters } = await aScene(t)

      await change(folder)
      await sink.store([letter('b')])

      assert.deepEqual(await letters(), ['b'])
      const [name = ''] = await readdir(folder)
      assert.deepEqual([await modeOf(folder), await modeOf(join(folder, name))], [0o700, 0o600])
    })
  }

  it('moves with its folder, and leaves a link to it, goes on', async (t) => {
    const { sink, folder, letters } = await aScene(t)

    await rename(folder, `${folder}-moved`)
    await symlink(`${folder}-moved`, folder)
    await sink.store([letter('b')])

    assert.deepEqual(await letters(), ['a', 'b'])
    assert.equal((await readdir(folder)).length, 1)
  })

  it('moves with its folder, and links to another folder, is followed by one there', async (t) => {
    const { sink, folder, parent, letters } = await aScene(t)

    await rename(folder, `${folder}-moved`)
    await mkdir(join(parent, 'larger'))
    await symlink(join(parent, 'larger'), folder)
    await sink.store([letter('b')])

    assert.deepEqual(await letters(), ['b'])
  })

  it('moves with its folder, and puts a file there, leaves the letters unstored meanwhile', async (t) => {
    const { sink, folder, letters } = await aScene(t)

    await rename(folder, `${folder}-moved`)
    await writeFile(folder, '')
    await assert.rejects(sink.store([letter('b')]), { code: 'EEXIST' })
    await unlink(folder)
    await sink.store([letter('c')])

    assert.deepEqual(await letters(), ['c'])
  })
})

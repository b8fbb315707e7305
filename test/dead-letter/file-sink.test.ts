import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createFileSink, type FileSink } from '../../src/dead-letter/file-sink.ts'
import type { Files } from '../../src/dead-letter/files.ts'
import { createFakeClock, settlePromises } from '../helpers/fake-clock.ts'
import { aDeadLetter } from './a-dead-letter.ts'
import { createFakeFiles, type FakeFiles, type Fate, type Operation } from './fake-files.ts'

const DAY_MS = 86_400_000

interface SinkChanges {
  readonly clock?: ReturnType<typeof createFakeClock>
  readonly maxFileBytes?: number
  readonly maxQueuedBytes?: number
}

function aSink(files: Files, changes: SinkChanges = {}): FileSink {
  const {
    clock = createFakeClock(),
    maxFileBytes = 1_000_000,
    maxQueuedBytes = 1_000_000,
  } = changes
  const options = { folder: 'letters', maxFileBytes, maxQueuedBytes }
  return createFileSink(options, { clock, files, writer: 'me' })
}

/** A fate for one operation after the other; when they are used up, all goes well. */
function fatesFor(operation: Operation, ...fates: Fate[]): (operation: Operation) => Fate {
  return (asked) => (asked === operation ? (fates.shift() ?? 'go') : 'go')
}

/** Holds each operation of a kind back until it is let go. */
function createGate(operation: Operation) {
  const held: (() => void)[] = []
  let passed = 0
  return {
    passed: () => passed,
    letGo: () => {
      for (const go of held.splice(0)) go()
    },
    fateOf: async (asked: Operation): Promise<Fate> => {
      if (asked !== operation) return 'go'
      await new Promise<void>((resolve) => held.push(resolve))
      passed += 1
      return 'go'
    },
  }
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => {
      settled = true
    },
    () => {
      settled = true
    },
  )
  await settlePromises()
  return settled
}

/** Lets all that is held go, round after round, until the promise settles. */
async function letAllGo(gate: { letGo(): void }, promise: Promise<unknown>): Promise<void> {
  for (let round = 0; round < 100 && !(await isSettled(promise)); round += 1) gate.letGo()
  assert.ok(await isSettled(promise), 'never settles')
}

async function statusesOf(promises: readonly Promise<unknown>[]): Promise<string[]> {
  return (await Promise.allSettled(promises)).map(({ status }) => status)
}

/** The ids of the letters in the files; lines that are no JSON are skipped, as readers do. */
function idsIn(texts: Record<string, string>): string[] {
  return Object.values(texts).flatMap((text) =>
    text.split('\n').flatMap((line) => /^\{"id":"([^"]*)".*\}$/.exec(line)?.slice(1) ?? []),
  )
}

function idsAfterCrash(files: FakeFiles): string[] {
  return idsIn(files.textsAfterCrash())
}

const letter = (id: string) => aDeadLetter({ id })

describe('a file of dead letters', () => {
  it('has one JSON object a line', async () => {
    const files = createFakeFiles()
    const letters = [aDeadLetter({ id: 'a' }), aDeadLetter({ id: 'b', event: 'two\nlines\r\n' })]

    await aSink(files).store(letters)

    const [text = ''] = Object.values(files.texts())
    const lines = text.trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      letters,
    )
    assert.ok(text.endsWith('\n'))
  })

  it('is named for the day, the process and its place in the row', async () => {
    const files = createFakeFiles()

    await aSink(files).store([letter('a')])

    assert.deepEqual(Object.keys(files.texts()), ['dead-letters-2026-01-01-me-0001.ndjson'])
  })

  it('takes letter after letter', async () => {
    const files = createFakeFiles()
    const sink = aSink(files)

    await sink.store([letter('a')])
    await sink.store([letter('b')])

    assert.equal(Object.keys(files.texts()).length, 1)
    assert.deepEqual(idsAfterCrash(files), ['a', 'b'])
  })

  it('is followed by another on the next day in UTC', async () => {
    const files = createFakeFiles()
    const clock = createFakeClock(Date.UTC(2026, 0, 1, 23, 59, 59))
    const sink = aSink(files, { clock })

    await sink.store([letter('a')])
    await clock.advance(DAY_MS / 2)
    await sink.store([letter('b')])

    assert.deepEqual(Object.keys(files.texts()), [
      'dead-letters-2026-01-01-me-0001.ndjson',
      'dead-letters-2026-01-02-me-0002.ndjson',
    ])
    assert.deepEqual(idsAfterCrash(files), ['a', 'b'])
  })

  it('is followed by another when it is full', async () => {
    const files = createFakeFiles()
    const bytes = JSON.stringify(letter('a')).length + 1
    const sink = aSink(files, { maxFileBytes: 2 * bytes })

    for (const id of ['a', 'b', 'c']) await sink.store([letter(id)])

    assert.deepEqual(Object.values(files.texts()).map(idsOf), [['a', 'b'], ['c']])
  })

  it('is larger than its limit rather than part what was stored together', async () => {
    const files = createFakeFiles()
    const sink = aSink(files, { maxFileBytes: 10 })

    await sink.store([letter('a'), letter('b')])

    assert.deepEqual(Object.values(files.texts()).map(idsOf), [['a', 'b']])
  })

  it('is not made for no letters', async () => {
    const files = createFakeFiles()

    await aSink(files).store([])

    assert.deepEqual(files.texts(), {})
  })

  function idsOf(text: string): string[] {
    return idsIn({ text })
  }
})

describe('a store', () => {
  for (const operation of ['write', 'sync', 'sync_folder'] as const) {
    it(`is not done before the ${operation} is`, async () => {
      const gate = createGate(operation)
      const files = createFakeFiles(gate.fateOf)

      const stored = aSink(files).store([letter('a')])

      assert.equal(await isSettled(stored), false)
      gate.letGo()
      await stored
      assert.deepEqual(idsAfterCrash(files), ['a'])
    })
  }

  it('travels with all others that came while one was under way', async () => {
    const gate = createGate('sync')
    const files = createFakeFiles(gate.fateOf)
    const sink = aSink(files)

    const stores = ['a', 'b', 'c', 'd'].map((id) => sink.store([letter(id)]))
    await letAllGo(gate, Promise.all(stores))

    assert.equal(gate.passed(), 2)
    assert.deepEqual(idsAfterCrash(files), ['a', 'b', 'c', 'd'])
  })

  for (const [what, operation, fate] of [
    ['a file that cannot be made', 'create', 'fail'],
    ['a folder that cannot be synced', 'sync_folder', 'fail'],
    ['a full disk', 'write', 'fail'],
    ['a torn write', 'write', 'tear'],
    ['a failed sync', 'sync', 'fail'],
  ] as const) {
    it(`is refused with its whole group by ${what}`, async () => {
      const files = createFakeFiles(fatesFor(operation, 'go', fate))
      const sink = aSink(files, { maxFileBytes: 1 })

      const stores = ['a', 'b', 'c'].map((id) => sink.store([letter(id)]))

      assert.deepEqual(await statusesOf(stores), ['fulfilled', 'rejected', 'rejected'])
      assert.deepEqual(idsAfterCrash(files), ['a'])
    })

    it(`goes to a new file after ${what}`, async () => {
      const files = createFakeFiles(fatesFor(operation, fate))
      const sink = aSink(files)
      await assert.rejects(sink.store([letter('a')]), { code: 'ENOSPC' })

      await sink.store([letter('b')])

      assert.deepEqual(idsAfterCrash(files), ['b'])
      assert.deepEqual(Object.keys(files.texts()), ['dead-letters-2026-01-01-me-0002.ndjson'])
    })
  }

  it('is done though the file of the day before cannot be closed', async () => {
    const files = createFakeFiles(fatesFor('close', 'fail'))
    const clock = createFakeClock()
    const sink = aSink(files, { clock })
    await sink.store([letter('a')])

    await clock.advance(DAY_MS)
    await sink.store([letter('b')])

    assert.deepEqual(idsAfterCrash(files), ['a', 'b'])
  })

  for (const operation of ['write', 'sync'] as const) {
    it(`takes its bytes away again when the ${operation} fails half-way`, async () => {
      const files = createFakeFiles(fatesFor(operation, 'go', 'tear'))
      const sink = aSink(files)
      await sink.store([letter('a')])

      await assert.rejects(sink.store([letter('b')]), { code: 'ENOSPC' })
      await sink.store([letter('c')])

      const [first = '', second = ''] = Object.values(files.texts())
      assert.match(first, /^\{"id":"a".*\}\n$/)
      assert.match(second, /^\{"id":"c".*\}\n$/)
    })
  }

  it('joins no letter to a torn one that cannot be taken away', async () => {
    const fates: Partial<Record<Operation, Fate[]>> = { write: ['go', 'tear'], truncate: ['fail'] }
    const files = createFakeFiles((operation) => fates[operation]?.shift() ?? 'go')
    const sink = aSink(files)
    await sink.store([letter('a')])

    await assert.rejects(sink.store([letter('b')]), { code: 'ENOSPC' })
    await sink.store([letter('c')])

    const [torn = '', whole = ''] = Object.values(files.texts())
    assert.match(torn, /^\{"id":"a".*\}\n\{"id":"b"[^\n]*[^}\n]$/)
    assert.match(whole, /^\{"id":"c".*\}\n$/)
  })

  it('litters a full disk with no empty files', async () => {
    const files = createFakeFiles((operation) => (operation === 'write' ? 'tear' : 'go'))
    const sink = aSink(files)

    for (let i = 0; i < 10; i += 1) await assert.rejects(sink.store([letter('a')]))

    assert.deepEqual(files.texts(), {})
  })

  it('is refused when too much waits, and taken again once there is room', async () => {
    const gate = createGate('sync')
    const files = createFakeFiles(gate.fateOf)
    const bytes = JSON.stringify(letter('a')).length + 1
    const sink = aSink(files, { maxQueuedBytes: 2 * bytes })

    const statuses = statusesOf(['a', 'b', 'c', 'd'].map((id) => sink.store([letter(id)])))
    await letAllGo(gate, statuses)
    const last = sink.store([letter('e')])
    await letAllGo(gate, last)

    assert.deepEqual(await statuses, ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    assert.deepEqual(idsAfterCrash(files), ['a', 'b', 'c', 'e'])
  })

  it('larger than all that may wait is taken when nothing else waits', async () => {
    const files = createFakeFiles()

    await aSink(files, { maxQueuedBytes: 1 }).store([letter('a')])

    assert.deepEqual(idsAfterCrash(files), ['a'])
  })
})

describe('a file that somebody else', () => {
  const FIRST = 'dead-letters-2026-01-01-me-0001.ndjson'
  const SECOND = 'dead-letters-2026-01-01-me-0002.ndjson'

  /** A sink with one letter in its file, and what somebody does at the next of these operations. */
  async function aScene(at?: Operation, act?: (files: FakeFiles) => void) {
    let armed = false
    const files: FakeFiles = createFakeFiles((operation) => {
      if (armed && operation === at) act?.(files)
      return 'go'
    })
    const clock = createFakeClock()
    const sink = aSink(files, { clock })
    await sink.store([letter('a')])
    await clock.advance(1_000)
    armed = true
    return { files, clock, sink, ids: (name: string) => idsIn({ text: files.texts()[name] ?? '' }) }
  }

  it('deletes is followed by a new one at once', async () => {
    const { files, sink, ids } = await aScene()

    files.unlink(FIRST)
    await sink.store([letter('b')])

    assert.deepEqual(Object.keys(files.texts()), [SECOND])
    assert.deepEqual(ids(SECOND), ['b'])
  })

  it('moves is followed by a new one at once', async () => {
    const { files, sink, ids } = await aScene()

    files.rename(FIRST, 'moved')
    await sink.store([letter('b')])

    assert.deepEqual([ids('moved'), ids(SECOND)], [['a'], ['b']])
  })

  for (const operation of ['write', 'sync'] as const) {
    it(`deletes before the ${operation} of a letter loses nothing`, async () => {
      const { files, sink, ids } = await aScene(operation, (files) => files.unlink(FIRST))

      await sink.store([letter('b')])

      assert.deepEqual(Object.keys(files.texts()), [SECOND])
      assert.deepEqual(ids(SECOND), ['b'])
    })

    it(`moves before the ${operation} of a letter has its letter in the folder too`, async () => {
      let moved = false
      const { sink, ids } = await aScene(operation, (files) => {
        if (!moved) files.rename(FIRST, 'moved')
        moved = true
      })

      await sink.store([letter('b')])

      assert.deepEqual([ids('moved'), ids(SECOND)], [['a', 'b'], ['b']])
    })
  }

  it('replaces by another is followed by a new one at once', async () => {
    const { files, sink, ids } = await aScene()

    files.overwrite('edited', 'edited\n')
    files.rename('edited', FIRST)
    await sink.store([letter('b')])

    assert.equal(files.texts()[FIRST], 'edited\n')
    assert.deepEqual(ids(SECOND), ['b'])
  })

  it('moves, and puts another in its place, is followed by a new one once seen twice', async () => {
    const { files, sink, ids } = await aScene()

    files.rename(FIRST, 'moved')
    files.overwrite(FIRST, 'other\n')
    await sink.store([letter('b')])

    assert.equal(files.texts()[FIRST], 'other\n')
    assert.deepEqual(ids(SECOND), ['b'])
  })

  it('seems to replace at each look is followed by a new one at most once a second', async () => {
    const files = createFakeFiles()
    let inode = 1_000n
    const stateAt: Files['stateAt'] = async (path) => {
      inode += 1n
      const state = await files.stateAt(path)
      return state && { ...state, inode }
    }
    const clock = createFakeClock()
    const sink = aSink({ ...files, stateAt }, { clock })

    for (let tenths = 0; tenths < 30; tenths += 1) {
      await sink.store([letter(`${tenths}`)])
      await clock.advance(100)
    }

    assert.equal(Object.keys(files.texts()).length, 3)
    assert.equal(new Set(idsAfterCrash(files)).size, 30)
  })

  it('seems to replace once, for a moment, goes on', async () => {
    const files = createFakeFiles()
    let looks = 0
    const stateAt: Files['stateAt'] = async (path) => {
      looks += 1
      const state = await files.stateAt(path)
      return state && looks % 2 === 0 ? { ...state, inode: 1_000n } : state
    }
    const clock = createFakeClock()
    const sink = aSink({ ...files, stateAt }, { clock })

    for (const id of ['a', 'b', 'c', 'd']) {
      await sink.store([letter(id)])
      await clock.advance(1_000)
    }

    assert.deepEqual(idsIn(files.texts()), ['a', 'b', 'c', 'd'])
    assert.deepEqual(Object.keys(files.texts()), [FIRST])
  })

  for (const [what, left] of [
    ['empties', ''],
    ['cuts in the middle of a line', '{"id":"a"'],
    ['writes to', '{"id":"theirs"'],
  ] as const) {
    it(`${what} gets no more letters`, async () => {
      const { files, sink, ids } = await aScene()

      files.overwrite(FIRST, left)
      await sink.store([letter('b')])

      assert.equal(files.texts()[FIRST], left)
      assert.deepEqual(ids(SECOND), ['b'])
    })
  }

  it('empties while a letter is written has the letter in a new one', async () => {
    const { sink, ids } = await aScene('sync', (files) => files.overwrite(FIRST, ''))

    await sink.store([letter('b')])

    assert.deepEqual(ids(SECOND), ['b'])
  })

  it('deletes as fast as it is written leaves the letters unstored', async () => {
    const { sink } = await aScene('sync', (files) => {
      for (const name of Object.keys(files.texts())) files.unlink(name)
    })

    await assert.rejects(sink.store([letter('b')]), /are deleted while they are written/)
  })
})

describe('closing', () => {
  it('waits for what is stored and refuses what comes later', async () => {
    const gate = createGate('sync')
    const files = createFakeFiles(gate.fateOf)
    const sink = aSink(files)
    const early = ['a', 'b'].map((id) => sink.store([letter(id)]))

    const closed = sink.close()
    const statuses = statusesOf([...early, sink.store([letter('c')])])
    assert.equal(await isSettled(closed), false)
    await letAllGo(gate, Promise.all([closed, statuses]))

    assert.deepEqual(await statuses, ['fulfilled', 'fulfilled', 'rejected'])
    assert.deepEqual(idsAfterCrash(files), ['a', 'b'])
    assert.equal(files.open(), 0)
  })
})

describe('a probe', () => {
  it('leaves nothing in the folder', async () => {
    const files = createFakeFiles()

    await aSink(files).probe()

    assert.deepEqual(files.texts(), {})
    assert.equal(files.open(), 0)
  })

  for (const operation of ['create_folder', 'create', 'write', 'sync', 'sync_folder'] as const) {
    it(`fails when ${operation} does, and says what to do`, async () => {
      const files = createFakeFiles(fatesFor(operation, 'fail'))

      await assert.rejects(aSink(files).probe(), {
        message:
          'DEAD_LETTER=file: names a folder that cannot be written (ENOSPC): give it to the ' +
          'user the service runs as, make room on its disk, or name another',
      })
      assert.deepEqual(files.texts(), {})
    })
  }
})

describe('a probe that fails without a code', () => {
  it('says what to do all the same, and why it failed', async () => {
    const cause = new Error('no disk')
    const files = { ...createFakeFiles(), createFolder: () => Promise.reject(cause) }

    await assert.rejects(aSink(files).probe(), (error) => {
      assert.ok(error instanceof Error)
      assert.match(error.message, /^DEAD_LETTER=file: names a folder that cannot be written: give/)
      assert.equal(error.cause, cause)
      return true
    })
  })
})

describe('the files of two services in one folder', () => {
  it('have names of their own', async () => {
    const files = createFakeFiles()
    const options = { folder: 'letters', maxFileBytes: 1e6, maxQueuedBytes: 1e6 }
    const clock = createFakeClock()

    for (const id of ['a', 'b']) {
      await createFileSink(options, { clock, files }).store([letter(id)])
    }

    const names = Object.keys(files.texts())
    assert.equal(names.length, 2)
    for (const name of names) {
      assert.match(name, /^dead-letters-2026-01-01-\d+-[0-9a-f]{8}-0001\.ndjson$/)
    }
  })
})

describe('any failures in any order', () => {
  const fate = fc.constantFrom<Fate>('go', 'go', 'go', 'fail', 'tear')
  const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 12 })

  it('leave every stored letter after a crash, and tear only the last line of a file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.infiniteStream(fate), sizes, async (s, fates, sizes) => {
        const files = createFakeFiles((operation) =>
          s.schedule(Promise.resolve(fates.next().value), operation),
        )
        const sink = aSink(files, { maxFileBytes: 700, maxQueuedBytes: 1500 })
        const stores = sizes.map(async (size, n) => {
          const ids = Array.from({ length: size }, (_, i) => `${n}-${i}`)
          await s.schedule(Promise.resolve(), `store ${n}`)
          await sink.store(ids.map(letter))
          assertOnDisk(files, ids)
          return ids
        })

        await s.waitIdle()
        const closed = sink.close()
        await s.waitIdle()

        assert.ok(await isSettled(Promise.allSettled([...stores, closed])), 'never settles')
        assertOnDisk(files, await storedBy(stores))
        assertReadable(files)
        assert.equal(files.open(), 0)
      }),
    )
  })

  function assertOnDisk(files: FakeFiles, ids: readonly string[]): void {
    const onDisk = idsAfterCrash(files)
    for (const id of ids) assert.equal(onDisk.filter((one) => one === id).length, 1, id)
  }

  function assertReadable(files: FakeFiles): void {
    for (const text of Object.values(files.texts())) {
      for (const line of text.split('\n').slice(0, -1)) assert.doesNotThrow(() => JSON.parse(line))
    }
  }

  /** The letters whose store was done; one that was refused says so with the error of the disk. */
  async function storedBy(stores: readonly Promise<string[]>[]): Promise<string[]> {
    const ends = await Promise.allSettled(stores)
    return ends.flatMap((end) => {
      if (end.status === 'fulfilled') return end.value
      assert.match(String(end.reason), /ENOSPC|too many dead letters wait/)
      return []
    })
  }
})

import assert from 'node:assert/strict'
import { appendFile, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { findLetterFiles } from '../../src/dead-letter/letter-lines.ts'
import { readLetters } from '../../src/dead-letter/read-letters.ts'
import { openReplayedLog, type Replayed } from '../../src/dead-letter/replayed-log.ts'
import { identityOf } from '../../src/dead-letter/stored-letter.ts'
import type { DeadLetter } from '../../src/model/dead-letter.ts'
import { aFolder } from '../helpers/world.ts'
import { aDeadLetter } from './a-dead-letter.ts'

interface Scene {
  readonly folder: string
  write(name: string, text: string | Uint8Array): Promise<void>
  done(...entries: readonly Partial<Replayed>[]): Promise<void>
  /** The ids of the letters, with `done` behind those that are, and the lines that are no letters. */
  read(): Promise<{ letters: readonly string[]; unreadable: number }>
}

async function startScene(t: TestContext): Promise<Scene> {
  const folder = await aFolder(t)
  return { folder, write, done, read }

  async function write(name: string, text: string | Uint8Array): Promise<void> {
    await writeFile(join(folder, name), text)
  }

  async function done(...entries: readonly Partial<Replayed>[]): Promise<void> {
    const log = await openReplayedLog(folder)
    const done = { letter: aDeadLetter(), outcome: 'imported', at: 0 } as const
    await log.append(entries.map((entry) => ({ ...done, ...entry })))
    await log.close()
  }

  async function read() {
    const letters: string[] = []
    let unreadable = 0
    for await (const chunk of readLetters(folder, await findLetterFiles(folder))) {
      for (const found of chunk) {
        if (found === 'unreadable') unreadable += 1
        else letters.push(`${found.letter.id}${found.isDone ? ' done' : ''}`)
      }
    }
    return { letters, unreadable }
  }
}

function lines(...letters: readonly Partial<DeadLetter>[]): string {
  return letters.map((letter) => `${JSON.stringify(aDeadLetter(letter))}\n`).join('')
}

async function idsIn(...from: Parameters<typeof readLetters>): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const chunk of readLetters(...from)) {
    for (const one of chunk) if (one !== 'unreadable') ids.push(one.letter.id)
  }
  return ids
}

describe('reading the letters of a folder', () => {
  it('reads every file of letters, by its name, and no other', async (t) => {
    const { folder, write, read } = await startScene(t)
    await write('b.ndjson', lines({ id: '1-3' }))
    await write('a.ndjson', lines({ id: '1-1' }, { id: '1-2' }))
    await write('probe-1', '\n')
    await write('replay.lock', lines({ id: '1-9' }))
    await mkdir(join(folder, 'c.ndjson'))

    assert.deepEqual(await read(), { letters: ['1-1', '1-2', '1-3'], unreadable: 0 })
  })

  it('counts a letter once that two instances stored, and one that failed again by itself', async (t) => {
    const { write, read } = await startScene(t)
    await write('a.ndjson', lines({}, { detail: 'again' }))
    await write('b.ndjson', lines({}, { replays: 1 }))

    assert.deepEqual(await read(), { letters: ['1-1', '1-1'], unreadable: 0 })
  })

  it('tells letters of one id apart by what they hold', async (t) => {
    const { write, read, done } = await startScene(t)
    const [one, other] = [{ event: '{"one":' }, { event: '{"other":' }]
    await write('a.ndjson', lines(one, other, one, other))
    await done({ letter: aDeadLetter(other) })

    assert.deepEqual(await read(), { letters: ['1-1', '1-1 done'], unreadable: 0 })
  })

  it('calls a letter done that the log names by subscription, id, replays and content', async (t) => {
    const { write, read, done } = await startScene(t)
    const { message } = aDeadLetter()
    const elsewhere = { ...message, subscription: 'projects/p/subscriptions/other' }
    await write('a.ndjson', lines({}, { replays: 1 }, { message: elsewhere }))
    await done({})

    assert.deepEqual(await read(), { letters: ['1-1 done', '1-1', '1-1'], unreadable: 0 })
  })

  it('leaves out a last line without an end, and counts other lines that are no letters', async (t) => {
    const { write, read } = await startScene(t)
    const torn = lines({ id: '1-2' }).slice(0, -1)
    await write('a.ndjson', `${lines({})}{"id":\n\n${torn}`)
    await write(
      'b.ndjson',
      Buffer.concat([Buffer.from([0xff, 0, 10]), Buffer.from(lines({ id: '1-3' }))]),
    )

    assert.deepEqual(await read(), { letters: ['1-1', '1-3'], unreadable: 2 })
  })

  it('reads a letter that is longer than many chunks, between short ones', async (t) => {
    const { write, read } = await startScene(t)
    const event = `"${'é'.repeat(1_000_000)}"`
    await write('a.ndjson', lines({ id: '1-1' }, { id: '1-2', event }, { id: '1-3' }))

    assert.deepEqual(await read(), { letters: ['1-1', '1-2', '1-3'], unreadable: 0 })
  })

  it('passes over a line that is too long for any letter', async (t) => {
    const { folder, read } = await startScene(t)
    const file = await open(join(folder, 'a.ndjson'), 'w')
    // The bytes before it read as zeros.
    await file.write(`\n${lines({ id: '1-2' })}`, 65 * 1024 * 1024)
    await file.close()

    assert.deepEqual(await read(), { letters: ['1-2'], unreadable: 1 })
  })

  it('goes on when the service has removed a file that held no letter', async (t) => {
    const { folder, write } = await startScene(t)
    await write('a.ndjson', '')
    await write('b.ndjson', lines({}))
    const files = await findLetterFiles(folder)
    await rm(join(folder, 'a.ndjson'))

    assert.deepEqual(await idsIn(folder, files), ['1-1'])
  })

  it('does not read what is written after it began', async (t) => {
    const { folder, write } = await startScene(t)
    await write('a.ndjson', lines({}))
    const files = await findLetterFiles(folder)
    await appendFile(join(folder, 'a.ndjson'), lines({ id: '1-2' }))

    assert.deepEqual(await idsIn(folder, files), ['1-1'])
  })
})

describe('the log of replays', () => {
  it('is a line for each letter, for its owner only, and is never rewritten', async (t) => {
    const { folder, done } = await startScene(t)
    await done({})
    await done({ outcome: 'stored_again', reason: 'invalid_event', at: 1_000 })

    const path = join(folder, 'replayed.ndjson')
    const { content } = identityOf(aDeadLetter())
    const entry = { subscription: 'projects/p/subscriptions/s', id: '1-1', replays: 0, content }
    const entries = (await readFile(path, 'utf8')).trim().split('\n')
    assert.deepEqual(
      entries.map((line) => JSON.parse(line)),
      [
        { ...entry, outcome: 'imported', at: '1970-01-01T00:00:00.000Z' },
        {
          ...entry,
          outcome: 'stored_again',
          reason: 'invalid_event',
          at: '1970-01-01T00:00:01.000Z',
        },
      ],
    )
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  })

  it('skips a line that a killed process has torn, and goes on below it', async (t) => {
    const { write, read, done } = await startScene(t)
    await write('a.ndjson', lines({}, { id: '1-2' }))
    await write('replayed.ndjson', '{"subscription":"projects/p/subscriptions/s","id":"1-1","rep')
    await done({ letter: aDeadLetter({ id: '1-2' }) })

    assert.deepEqual(await read(), { letters: ['1-1', '1-2 done'], unreadable: 0 })
  })
})

import { open, rm, stat } from 'node:fs/promises'
import { findLetterFiles, type LetterFile, letterLines } from '../../dead-letter/letter-lines.ts'
import { readReplayedLog } from '../../dead-letter/replayed-log.ts'
import { keyOfLetter, readLetter } from '../../dead-letter/stored-letter.ts'
import { createKeyTable, type KeyTable } from '../../lib/key-table.ts'
import { defineCommand } from '../frame/command.ts'
import { countText } from '../frame/count-text.ts'
import { type Io, UserMistake } from '../frame/io.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import { lockFolder } from './folder-lock.ts'
import { folderOf } from './source.ts'
import { parseSpan } from './time.ts'

/** Removes files of letters that nobody needs any more. */
export const prune = defineCommand({
  name: 'pubsub-mixpanel dead-letters prune',
  about: 'Removes the files all of whose letters are done. It removes nothing else.',
  examples: [
    ['pubsub-mixpanel dead-letters prune --done', 'files that no one has written for 30 days'],
    ['pubsub-mixpanel dead-letters prune --done --older-than 7d', 'or for a week'],
    ['pubsub-mixpanel dead-letters list --all', 'look at what is done first'],
  ],
  flags: {
    done: { type: 'boolean', default: false, meaning: 'say that letters that are done may go' },
    'older-than': {
      type: 'string',
      value: 'SPAN',
      default: '30d',
      meaning: 'keep files that were written since: 30d, 12h',
    },
    from: {
      type: 'string',
      value: 'DIR',
      meaning: 'the folder of the letters; without it, what DEAD_LETTER names',
    },
    json: { type: 'boolean', default: false, meaning: 'print a JSON document' },
  },
  run: async ({ flags }, io) => {
    if (!flags.done) throw new UserMistake('only letters that are done are removed: add --done')
    const before = io.clock.now() - parseSpan('--older-than', flags['older-than'])
    const folder = folderOf(flags.from, io.env)
    const lock = await lockFolder(folder, io.clock)
    try {
      const { removed, letters, kept } = await pruneFolder(folder, before, io)
      const sum = `${countText(removed.length, 'file')} with ${countText(letters, 'letter')} removed, ${kept} kept`
      const lines = [...removed.map(visibleText), sum]
      io.stdout.print(flags.json ? visibleJson({ removed, letters, kept }) : lines.join('\n'))
    } finally {
      await lock.release()
    }
    return 0
  },
})

interface Pruned {
  readonly removed: readonly string[]
  /** The number of letters in the removed files. */
  readonly letters: number
  readonly kept: number
}

const DONE = 1

async function pruneFolder(folder: string, before: number, { ending }: Io): Promise<Pruned> {
  const done = createKeyTable()
  for await (const keys of readReplayedLog(folder)) {
    for (const key of keys) done.mark(key, DONE)
  }
  const removed: string[] = []
  let letters = 0
  let kept = 0
  for (const file of await findLetterFiles(folder)) {
    ending().throwIfAborted()
    const count = file.changedAt < before ? await countIfDone(file, done) : 0
    if (count > 0 && (await isUnchanged(file))) {
      await rm(file.path)
      removed.push(file.path)
      letters += count
    } else kept += 1
  }
  return { removed, letters, kept }
}

/** Returns the number of letters in a file if all its lines are letters that are done, else 0. */
async function countIfDone(file: LetterFile, done: KeyTable): Promise<number> {
  let count = 0
  for await (const lines of letterLines(file)) {
    for (const line of lines) {
      const letter = readLetter(line ?? '')
      if (letter === undefined || done.marksOf(keyOfLetter(letter)) === 0) return 0
      count += 1
    }
  }
  return count > 0 && (await endsInLineFeed(file)) ? count : 0
}

/** Whether the last line of a file is whole. */
async function endsInLineFeed({ path, bytes }: LetterFile): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const last = Buffer.alloc(1)
    await file.read(last, 0, 1, bytes - 1)
    return last.toString() === '\n'
  } finally {
    await file.close()
  }
}

async function isUnchanged({ path, bytes, changedAt }: LetterFile): Promise<boolean> {
  const { size, mtimeMs } = await stat(path)
  return size === bytes && mtimeMs === changedAt
}

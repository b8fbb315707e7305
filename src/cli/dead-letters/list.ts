import type { FoundLetter } from '../../dead-letter/read-letters.ts'
import { nearest } from '../../lib/nearest.ts'
import { defineCommand } from '../frame/command.ts'
import { countText, numberText } from '../frame/count-text.ts'
import { type Io, UserMistake } from '../frame/io.ts'
import { startProgress } from '../frame/progress.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import { eventNameOf } from './event-name.ts'
import { createLetterGroups, GROUPINGS, type Grouping, type LetterGroup } from './group-letters.ts'
import type { LetterSource, SeenOfSource } from './letter-source.ts'
import { readChunks } from './read-chunks.ts'
import { SELECTION_FLAGS, selectionOf } from './selection.ts'
import { sourceOf } from './source.ts'
import { cellText, minuteText, tableText } from './text.ts'

/** The messages of a pull. */
const WINDOW = 1_000

/** Lists letters. */
export const list = defineCommand({
  name: 'pubsub-mixpanel dead-letters list',
  about: 'Counts the dead letters that are open, by reason, field and event.',
  examples: [
    ['pubsub-mixpanel dead-letters list', 'all that are open'],
    ['pubsub-mixpanel dead-letters list --by day --since 7d', 'how many on each of seven days'],
    [
      'pubsub-mixpanel dead-letters list --from projects/P/subscriptions/S',
      'letters of a topic, by a subscription to it',
    ],
  ],
  flags: {
    by: {
      type: 'string',
      value: 'LIST',
      default: 'reason,field,event',
      meaning: `count by these: ${GROUPINGS.join(',')}`,
    },
    ...SELECTION_FLAGS,
    ids: { type: 'boolean', default: false, meaning: 'print the id of each letter instead' },
    all: { type: 'boolean', default: false, meaning: 'count those that are done, too' },
    json: { type: 'boolean', default: false, meaning: 'print JSON; with --ids, a line a letter' },
  },
  run: async ({ flags }, io) => {
    const by = groupingsIn(flags.by)
    const source = sourceOf(flags.from, io)
    const groups = createLetterGroups(by)
    const isSelected = selectionOf(flags, [], io)
    const seen = await readAll(source, io, ({ letter, isDone }) => {
      if (!isSelected(letter)) return 'other'
      if (isDone && !flags.all) return 'done'
      if (flags.ids) io.stdout.print(flags.json ? idJson({ letter, isDone }) : idText(letter))
      else groups.add(letter)
      return isDone ? 'done' : 'open'
    })
    if (!flags.ids) {
      const listed = { source, by, groups: groups.list(), ...seen, isAll: flags.all }
      io.stdout.print(flags.json ? listJson(listed) : listText(listed))
    }
    for (const line of seen.news) io.stderr.print(line)
    if (seen.unreadable > 0 && seen.messages === undefined)
      io.stderr.print(`${countText(seen.unreadable, 'line')} could not be read as a letter`)
    return seen.unreadable + seen.foreign === 0 && seen.isWhole ? 0 : 1
  },
})

interface Seen extends SeenOfSource {
  readonly open: number
  readonly done: number
  readonly unreadable: number
  readonly foreign: number
}

/** Takes each letter. */
async function readAll(
  source: LetterSource,
  io: Io,
  take: (found: FoundLetter) => 'open' | 'done' | 'other',
): Promise<Seen> {
  const reading = await source.open({ applies: false, window: WINDOW })
  const seen = { open: 0, done: 0, other: 0, unreadable: 0, foreign: 0 }
  const work = () => ({ done: seen.open + seen.done + seen.other, noun: 'letters' })
  const progress = startProgress({ ...io, work })
  try {
    await readChunks(reading, io, (found) => {
      seen[typeof found === 'string' ? found : take(found)] += 1
    })
  } finally {
    progress.close()
    await reading.close()
  }
  return { ...seen, ...reading.seen() }
}

interface Listed extends Seen {
  readonly source: LetterSource
  readonly by: readonly Grouping[]
  readonly groups: readonly LetterGroup[]
  readonly isAll: boolean
}

function listText({ source, by, groups, open, done, isAll, messages }: Listed): string {
  const head = [...by.map((one) => one.toUpperCase()), 'LETTERS', 'FIRST', 'LAST']
  const rows = groups.map(({ values, letters, first, last }) => [
    ...values.map(cellText),
    numberText(letters),
    minuteText(first),
    minuteText(last),
  ])
  const ofDone = done === 0 ? '' : ` (${numberText(done)} ${isAll ? 'of them ' : ''}done)`
  const looked = messages === undefined ? '' : ` (${countText(messages, 'message')} looked at)`
  const sum = `${countText(isAll ? open + done : open, 'letter')} in ${visibleText(source.name)}${ofDone}${looked}`
  return [...(rows.length > 0 ? tableText([head, ...rows], [by.length]) : []), sum].join('\n')
}

function listJson({ source, by, groups, open, done, unreadable, ...seen }: Listed): string {
  const { messages, foreign, isWhole } = seen
  const named = groups.map(({ values, ...rest }) => {
    return { ...Object.fromEntries(by.map((one, at) => [one, values[at] ?? null])), ...rest }
  })
  const pulled = messages === undefined ? {} : { messages, foreign, whole: isWhole }
  return visibleJson({ ...source.place, open, done, unreadable, ...pulled, groups: named })
}

function idText({ id }: FoundLetter['letter']): string {
  return visibleText(id)
}

function idJson({ letter, isDone }: FoundLetter): string {
  const { id, replays, reason, field = null, deadLetteredAt, message } = letter
  const { subscription } = message
  const event = eventNameOf(letter) ?? null
  return visibleJson({
    id,
    subscription,
    replays,
    reason,
    field,
    event,
    deadLetteredAt,
    done: isDone,
  })
}

function groupingsIn(text: string): readonly Grouping[] {
  const names = text.split(',').map((word) => word.trim())
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined) throw new UserMistake(`--by names ${twice || 'nothing'} twice`)
  return names.map((name) => {
    const found = GROUPINGS.find((grouping) => grouping === name)
    if (found !== undefined) return found
    const meant = nearest(name, GROUPINGS)
    throw new UserMistake(
      `--by takes ${GROUPINGS.join(',')}, not ${name || 'an empty name'}${meant ? `; did you mean ${meant}?` : ''}`,
    )
  })
}

import { isUtf8 } from 'node:buffer'
import type { FoundLetter } from '../../dead-letter/read-letters.ts'
import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { createJudge, type JudgeLetter } from '../../service/replay/replayer.ts'
import { defineCommand } from '../frame/command.ts'
import { type Io, UserMistake } from '../frame/io.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import { thisHost } from '../host.ts'
import { withoutMappingKeys } from '../mapping-keys.ts'
import type { LetterSource } from './letter-source.ts'
import { readChunks } from './read-chunks.ts'
import { loadModules, loadReplayConfig } from './replay-config.ts'
import { SELECTION_FLAGS } from './selection.ts'
import { sourceOf } from './source.ts'
import { faultOf, verdictOf } from './verdict.ts'

/** The messages of a pull. */
const WINDOW = 1_000

/** Shows letters with their events. */
export const show = defineCommand({
  name: 'pubsub-mixpanel dead-letters show',
  operands: 'ID…',
  about: 'Shows letters, what the service says of their events now, and the events themselves.',
  examples: [
    ['pubsub-mixpanel dead-letters show 2070443601311540-3', 'one letter'],
    ['pubsub-mixpanel dead-letters list --ids | head', 'find ids'],
    ['pubsub-mixpanel dead-letters show 2070443601311540-3 --json', 'with every field'],
  ],
  flags: {
    from: SELECTION_FLAGS.from,
    fix: { type: 'string', value: 'MODULE', meaning: 'judge the event as this module mends it' },
    json: { type: 'boolean', default: false, meaning: 'print a JSON document' },
  },
  run: async ({ flags, operands: ids }, io) => {
    if (ids.length === 0) throw new UserMistake('the id of a letter is missing')
    const source = sourceOf(flags.from, io)
    const judge = await judgeFor(flags.fix, io)
    const found = await findById(source, new Set(ids), io)
    const shown = await Promise.all(found.map((one) => shownOf(one, judge)))
    if (flags.json) io.stdout.print(visibleJson({ ...source.place, letters: shown.map(shownJson) }))
    else for (const one of shown) io.stdout.print(shownText(one))
    const missing = ids.filter((id) => !found.some(({ letter }) => letter.id === id))
    for (const id of missing)
      io.stderr.print(`no letter ${visibleText(id)} in ${visibleText(source.name)}`)
    return missing.length === 0 ? 0 : 1
  },
})

async function findById(
  source: LetterSource,
  ids: ReadonlySet<string>,
  io: Io,
): Promise<readonly FoundLetter[]> {
  const reading = await source.open({ applies: false, window: WINDOW })
  const sought: FoundLetter[] = []
  try {
    await readChunks(reading, io, (found) => {
      if (typeof found !== 'string' && ids.has(found.letter.id)) sought.push(found)
    })
  } finally {
    await reading.close()
  }
  for (const line of reading.seen().news) io.stderr.print(line)
  return sought
}

async function judgeFor(fix: string | undefined, io: Io): Promise<JudgeLetter> {
  const config = loadReplayConfig(await withoutMappingKeys(io.env), thisHost, {
    store: 'none',
    sends: false,
  })
  const modules = await loadModules(config, fix, io.env)
  const options = { ...modules, isAllChildren: false, maxReplays: Number.POSITIVE_INFINITY }
  return createJudge(config, options, io)
}

interface Shown extends FoundLetter {
  /** The verdict about a replay now. */
  readonly now: string
}

async function shownOf(found: FoundLetter, judge: JudgeLetter): Promise<Shown> {
  const end = await judge(found.letter)
  const { title, detail } = faultOf(end) ?? {}
  const parts = [verdictOf(found.letter, end), title, detail].filter((part) => part !== undefined)
  return { ...found, now: parts.join(': ') }
}

function shownJson({ letter, isDone, now }: Shown): object {
  return { letter, done: isDone, now }
}

function shownText({ letter, isDone, now }: Shown): string {
  const { event, data, message, ...own } = letter
  const { attributes, ...about } = message
  const fields = [
    ...Object.entries({ ...own, ...about }),
    ...Object.entries(attributes).map(([name, value]) => [`attribute ${name}`, value] as const),
    ['done', isDone ? 'yes' : 'no'] as const,
    ['now', now] as const,
  ]
  const width = Math.max(...fields.map(([name]) => visibleText(name).length))
  const rows = fields.map(
    ([name, value]) => `${visibleText(name).padEnd(width)}  ${visibleText(String(value))}`,
  )
  return [...rows, '', ...contentOf(letter), ''].join('\n')
}

/** Returns the text of the event, a line for each of its lines. */
function contentOf({ event, data }: StoredLetter): readonly string[] {
  if (event !== undefined) return event.split('\n').map(visibleText)
  if (data === undefined) return ['(stored without its content)']
  const bytes = Buffer.from(data, 'base64')
  if (isUtf8(bytes)) return bytes.toString().split('\n').map(visibleText)
  return [`(${bytes.length} bytes that are no text, in base64)`, data]
}

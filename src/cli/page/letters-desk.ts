import type { FoundLetter } from '../../dead-letter/read-letters.ts'
import { keyOfLetter, type StoredLetter } from '../../dead-letter/stored-letter.ts'
import type { Answer } from '../../local/answer.ts'
import { createJudge } from '../../service/replay/replayer.ts'
import type { ReplayOptions } from '../../service/replay/run-letter.ts'
import type { Transform } from '../../transform/transform.ts'
import { eventNameOf } from '../dead-letters/event-name.ts'
import { createFolderSource } from '../dead-letters/folder-source.ts'
import { createLetterGroups, type Grouping } from '../dead-letters/group-letters.ts'
import { readChunks } from '../dead-letters/read-chunks.ts'
import { loadModules, loadReplayConfig } from '../dead-letters/replay-config.ts'
import { sendLetters } from '../dead-letters/send-letters.ts'
import { faultOf, verdictOf } from '../dead-letters/verdict.ts'
import type { Io } from '../frame/io.ts'
import { thisHost } from '../host.ts'
import { withoutMappingKeys } from '../mapping-keys.ts'
import { textIn } from './input.ts'

/** The dead letters of a world: to list, to open, and to replay with a mended text. */
export interface LettersDesk {
  list(): Promise<Answer>
  open(input: unknown): Promise<Answer>
  replay(input: unknown): Promise<Answer>
}

export interface LettersDeskDeps {
  /** `undefined` when dead letters do not go to files. */
  readonly folder: string | undefined
  /** With the variables of the service as its environment. */
  readonly io: Io
}

/** As `dead-letters list` groups by default. */
const BY: readonly Grouping[] = ['reason', 'field', 'event']
const WINDOW = 1_000
/** The letters that can be opened: the last. */
const MOST_LISTED = 200
/** As `dead-letters replay` does by default. */
const MOST_REPLAYS = 5
const EVENTS_A_SECOND = 1_000

const NO_FOLDER: Answer = {
  status: 409,
  body: { error: 'The dead letters of this world do not go to files: DEAD_LETTER says where.' },
}
const NO_LETTER: Answer = { status: 404, body: { error: 'There is no such letter that is open.' } }

/** Makes the desk, which uses the code of the commands `dead-letters`. */
export function createLettersDesk({ folder, io }: LettersDeskDeps): LettersDesk {
  if (folder === undefined) {
    const refuse = async (): Promise<Answer> => NO_FOLDER
    return { list: refuse, open: refuse, replay: refuse }
  }
  const source = createFolderSource(folder, io)

  return { list, open, replay }

  async function list(): Promise<Answer> {
    const groups = createLetterGroups(BY)
    const letters: StoredLetter[] = []
    let [open, done] = [0, 0]
    await readAll(({ letter, isDone }) => {
      if (isDone) done += 1
      if (isDone) return
      open += 1
      groups.add(letter)
      letters.push(letter)
      if (letters.length > MOST_LISTED) letters.shift()
    })
    const body = { open, done, groups: groups.list(), letters: letters.reverse().map(lineOf) }
    return { status: 200, body }
  }

  async function open(input: unknown): Promise<Answer> {
    const letter = await find(textIn(input, 'key'))
    if (letter === undefined) return NO_LETTER
    const config = loadReplayConfig(await serviceEnv(), thisHost, { store: 'none', sends: false })
    const judge = createJudge(config, await optionsFor(undefined), io)
    const end = await judge(letter)
    const { title, detail } = faultOf(end) ?? {}
    const now = [verdictOf(letter, end), title, detail].filter((part) => part !== undefined)
    const { event, data, ...about } = letter
    const text = event ?? (data === undefined ? '' : Buffer.from(data, 'base64').toString('utf8'))
    return {
      status: 200,
      body: { about, text, isMendable: isMendable(letter), now: now.join(': ') },
    }
  }

  async function replay(input: unknown): Promise<Answer> {
    const key = textIn(input, 'key')
    const letter = await find(key)
    if (letter === undefined) return NO_LETTER
    const text = textIn(input, 'text')
    const isMended = isMendable(letter) && text !== letter.event
    const fault = isMended ? faultInJson(text) : undefined
    if (fault !== undefined) return { status: 400, body: { error: fault } }
    return send(key, isMended ? text : undefined)
  }

  async function send(key: string, text: string | undefined): Promise<Answer> {
    const place = { store: { folder: source.name }, sends: true }
    const config = loadReplayConfig(await serviceEnv(), thisHost, place)
    const options = await optionsFor(text)
    const said: string[] = []
    const printed: string[] = []
    const parts = {
      config,
      options,
      judge: createJudge(config, options, io),
      source,
      isSelected: (one: StoredLetter) => keyOfLetter(one) === key,
      limit: 1,
      rate: EVENTS_A_SECOND,
    }
    const caught = { ...io, stdout: linesTo(printed), stderr: linesTo(said) }
    await sendLetters(parts, { ids: false, json: true }, caught)
    return { status: 200, body: { report: JSON.parse(printed.join('')), said } }
  }

  async function optionsFor(text: string | undefined): Promise<ReplayOptions> {
    const config = loadReplayConfig(await serviceEnv(), thisHost, { store: 'none', sends: false })
    const { transform } = await loadModules(config, undefined, io.env)
    const fixOf = text === undefined ? undefined : () => asMended(text)
    return { transform, fixOf, isAllChildren: false, maxReplays: MOST_REPLAYS }
  }

  function serviceEnv(): Promise<Io['env']> {
    return withoutMappingKeys(io.env)
  }

  async function find(key: string): Promise<StoredLetter | undefined> {
    let found: StoredLetter | undefined
    await readAll(({ letter, isDone }) => {
      if (!isDone && keyOfLetter(letter) === key) found = letter
    })
    return found
  }

  async function readAll(take: (found: FoundLetter) => void): Promise<void> {
    const reading = await source.open({ applies: false, window: WINDOW })
    try {
      await readChunks(reading, io, (found) => {
        if (typeof found !== 'string') take(found)
      })
    } finally {
      await reading.close()
    }
  }
}

function lineOf(letter: StoredLetter) {
  const { id, reason, field, detail, deadLetteredAt, replays } = letter
  const name = eventNameOf(letter)
  return {
    key: keyOfLetter(letter),
    id,
    reason,
    detail,
    deadLetteredAt,
    replays,
    ...(field !== undefined && { field }),
    ...(name !== undefined && { event: name }),
  }
}

/** Whether a letter holds the text of one line, which can be mended. */
function isMendable({ event, line }: StoredLetter): boolean {
  return event !== undefined && line > 0
}

/** Makes the fix that puts a text in the place of the event, byte for byte. */
function asMended(text: string): Transform {
  return (_value, line) => [{ line, child: 0, text, value: JSON.parse(text) }]
}

function faultInJson(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return `The event is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`
  }
}

function linesTo(lines: string[]): Io['stdout'] {
  const write = (text: string): void => void lines.push(text)
  return { print: write, write, isTerminal: false, width: () => 80 }
}

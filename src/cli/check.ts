import { InvalidConfigurationError } from '../config/load-config.ts'
import { type EventSettings, loadEventSettings } from '../config/settings.ts'
import { nextTurn } from '../lib/clock.ts'
import type { Message } from '../model/message.ts'
import { messageOf, parseInstant } from '../receive/message-of.ts'
import { ATTRIBUTE_FLAG, attributesGiven } from './attribute-flag.ts'
import { checkConfiguration, configurationText } from './check/check-configuration.ts'
import { checkFiles } from './check/check-files.ts'
import { tellOfLeftPromises } from './check/left-promises.ts'
import { loadMapped } from './check/load-mapped.ts'
import { createJsonPrinter, createTextPrinter, onlyTotals, type Printer } from './check/printer.ts'
import { areBad } from './check/tally.ts'
import { defineCommand } from './frame/command.ts'
import type { FlagValues } from './frame/flags.ts'
import { type ExitCode, type Io, UserMistake, UserMistakes } from './frame/io.ts'
import { createPaint } from './frame/paint.ts'
import { visibleJson } from './frame/visible-text.ts'
import { asUserMistakes } from './mapping-mistakes.ts'

const FLAGS = {
  transform: {
    type: 'string',
    value: 'FILE',
    meaning: 'the mapping or module that maps each event, in place of TRANSFORM',
  },
  explain: {
    type: 'boolean',
    default: false,
    meaning: 'print each event, in and out, and what each rule did',
  },
  'publish-time': {
    type: 'string',
    value: 'T',
    meaning: 'the time at which the message is published, in RFC 3339; by default now',
  },
  attribute: ATTRIBUTE_FLAG,
  limit: {
    type: 'string',
    value: 'N',
    default: '20',
    meaning: 'the findings of each kind that are printed; all are counted',
  },
  strict: { type: 'boolean', default: false, meaning: 'end with 1 on warnings, too' },
  json: { type: 'boolean', default: false, meaning: 'print one JSON object a line' },
  quiet: { type: 'boolean', default: false, meaning: 'print the totals alone' },
} as const

type Given = FlagValues<typeof FLAGS>

/** The flags that say something about events. */
const ABOUT_EVENTS = ['explain', 'publish-time', 'attribute'] as const

/** The id of the checked message. It has the length of Pub/Sub's. */
const MESSAGE_ID = '1000000000000000'

/** Says what the service would do with events, and sends nothing. */
export const check = defineCommand({
  name: 'pubsub-mixpanel check',
  operands: '[FILE… | -]',
  about:
    'Says what the service would do with the events in files, and sends nothing: NDJSON, a JSON\n' +
    'array, one object, or gzip of it. Without a FILE it checks the configuration.',
  examples: [
    ['pubsub-mixpanel check events.ndjson', 'which events would be rejected, changed or cut'],
    [
      'pubsub-mixpanel check --transform mapping.yaml --explain - < one.json',
      'one event, in and out',
    ],
    ['pubsub-mixpanel check', 'the configuration and the transform, as serve would load them'],
  ],
  flags: FLAGS,
  run: async ({ flags, operands }, io) => {
    try {
      return await (operands.length > 0 ? checkEvents(operands, flags, io) : checkSetup(flags, io))
    } catch (error) {
      if (!(error instanceof InvalidConfigurationError)) throw error
      io.stderr.print(error.message)
      if (operands.length === 0) io.stderr.print('(To check events, name a FILE, or - for stdin.)')
      return 2
    }
  },
})

async function checkEvents(files: readonly string[], flags: Given, io: Io): Promise<ExitCode> {
  const limit = limitOf(flags.limit)
  const message = messageGiven(flags, io)
  const settings = settingsGiven(flags, io)
  const style = flags.explain ? 'explain' : 'findings'
  const mapped = await asMistake(loadMapped(settings.transformPath, style, io))
  const options = { files, settings, style, limit, message } as const
  const stopTelling = tellOfLeftPromises(io.stderr)
  try {
    const totals = await checkFiles(options, { io, ...mapped, printer: printerFor(flags, io) })
    // A promise that the last event left is reported a turn later.
    await nextTurn()
    return areBad(totals, flags.strict ? 'strict' : 'usual') ? 1 : 0
  } finally {
    // It would take a bug of this command for a promise of the transform, and end with 0.
    stopTelling()
  }
}

async function checkSetup(flags: Given, io: Io): Promise<ExitCode> {
  for (const name of ABOUT_EVENTS) {
    if (flags[name]) throw new UserMistake(`--${name} needs a FILE, or - for stdin`)
  }
  const env = flags.transform === undefined ? io.env : { ...io.env, TRANSFORM: flags.transform }
  const checked = await asMistake(checkConfiguration({ ...io, env }))
  const text = flags.json ? visibleJson(checked) : configurationText(checked)
  io.stdout.print(flags.quiet ? (text.split('\n').at(-1) ?? '') : text)
  return flags.strict && checked.warnings.length > 0 ? 1 : 0
}

function settingsGiven({ transform }: Given, { env }: Io): EventSettings {
  const settings = loadEventSettings(env)
  return transform === undefined ? settings : { ...settings, transformPath: transform }
}

/** Makes a failure to load a mistake of the owner. Its message says what to do. */
async function asMistake<T>(loading: Promise<T>): Promise<T> {
  try {
    return await asUserMistakes(loading)
  } catch (error) {
    if (!(error instanceof Error) || isToldAsItIs(error)) throw error
    throw new UserMistake(error.message, { cause: error })
  }
}

function isToldAsItIs(error: Error): boolean {
  if (error instanceof InvalidConfigurationError || error instanceof UserMistakes) return true
  // An error of the file system.
  return 'errno' in error && 'path' in error
}

function messageGiven(flags: Given, { clock }: Io): Message {
  const publishTime = flags['publish-time'] ?? new Date(clock.now()).toISOString()
  if (parseInstant(publishTime) === undefined) {
    throw new UserMistake('--publish-time must be a time in RFC 3339, like 2026-01-31T12:00:00Z')
  }
  const attributes = attributesGiven(flags.attribute)
  return messageOf({ message: { messageId: MESSAGE_ID, attributes, publishTime } })
}

function limitOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new UserMistake('--limit must be a whole number')
}

function printerFor({ json, quiet }: Given, io: Io): Printer {
  const printer = json
    ? createJsonPrinter(io.stdout)
    : createTextPrinter(io.stdout, createPaint(io.stdout, io))
  return quiet ? onlyTotals(printer) : printer
}

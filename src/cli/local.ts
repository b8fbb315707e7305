import type { Clock } from '../lib/clock.ts'
import { createEventFeed } from './event-feed.ts'
import type { FeedEvent } from './event-line.ts'
import { createFeedEvents, letterEvent } from './feed-events.ts'
import { defineCommand } from './frame/command.ts'
import { type ExitCode, type Io, UserMistake } from './frame/io.ts'
import { createLetterReader } from './letter-reader.ts'
import { type LocalWorld, startLocalWorld } from './local-world.ts'
import { mappingKeys } from './mapping-keys.ts'
import { notStarted } from './not-started.ts'
import { PORT_BASE, parsePortBase, portsFrom } from './ports.ts'
import { variablesGiven } from './service-environment.ts'
import { suggestedCommands } from './suggested-commands.ts'
import { exitRequested, waitForExit } from './wait-for-exit.ts'

const LOOK_FOR_LETTERS_EVERY_MS = 200

/** Runs a whole world until an end from outside. */
export const local = defineCommand({
  name: 'pubsub-mixpanel local',
  about: `Runs a whole world on this machine until Ctrl-C: Pub/Sub with a topic and a signed push
subscription, the real service, Mixpanel. Prints commands to paste, then a line for each thing that
happens.`,
  examples: [
    ['pubsub-mixpanel local', 'run it on the ports 8080 to 8084'],
    ['pubsub-mixpanel local --dead-letters DIR', 'keep dead letters there after the end'],
    ['TRANSFORM=./my.mjs pubsub-mixpanel local', 'pass variables on to the service'],
  ],
  flags: {
    'port-base': PORT_BASE,
    'dead-letters': { type: 'string', value: 'DIR', meaning: 'keep dead letters in this folder' },
    duplicates: {
      type: 'string',
      value: 'SHARE',
      default: '0',
      meaning: 'push this share of the acked messages again, from 0 to 1',
    },
  },
  more: `Variables of the service, and the keys that a mapping names, are passed on to it, except variables
that would tie it to another world.`,
  async run({ flags }, io) {
    const options: Options = {
      portBase: parsePortBase(flags['port-base']),
      duplicates: parseShare(flags.duplicates),
      variables: {
        ...variablesFor(flags['dead-letters'], io.env),
        ...(await mappingKeys(io.env)),
      },
    }
    return liveIn(options, io)
  },
})

interface Options {
  readonly portBase: number
  readonly duplicates: number
  /** Variables of the service, which override the world's. */
  readonly variables: Readonly<Record<string, string>>
}

async function liveIn(options: Options, io: Io): Promise<ExitCode> {
  const { stdout, stderr, clock, env } = io
  const requested = exitRequested(io.ending())
  const feed = createEventFeed({ clock, write: stdout.print })
  const world = await startWorld(options, feed.print, io)
  const publishCommand = publishCommandIn(env)
  stdout.print(suggestedCommands({ ...world, publishCommand }, options.portBase))
  const stopReading = reportLetters(world, feed.print, clock)
  const code = await waitForExit(world.service, requested, stderr)
  if (code !== 0) stderr.print(world.lastLogLines().join('\n'))
  stopReading()
  stdout.print('Ending: the service settles what it can.')
  await world.close()
  feed.close()
  return code
}

/** Returns the words that call `publish` in the same way as this command was called. */
function publishCommandIn(env: Io['env']): string {
  // npm sets it to the name of the script that it runs.
  const isNpmScript = env.npm_lifecycle_event === 'local'
  return isNpmScript ? 'npm run local:publish --' : 'pubsub-mixpanel publish'
}

function parseShare(text: string): number {
  if (/^(0|1|0?\.\d+)$/.test(text)) return Number(text)
  throw new UserMistake('--duplicates must be a number from 0 to 1')
}

function variablesFor(deadLetters: string | undefined, env: Io['env']): Options['variables'] {
  const given = variablesGiven(env)
  if (deadLetters === undefined) return given
  if (given.DEAD_LETTER === undefined) return { ...given, DEAD_LETTER: `file:${deadLetters}` }
  throw new UserMistake(
    '--dead-letters and DEAD_LETTER both name a place for dead letters: set one of them',
  )
}

/** Starts the world. The most frequent failure is a port that is taken. */
async function startWorld(
  { portBase, duplicates, variables }: Options,
  report: (event: FeedEvent) => void,
  { clock, entryFile }: Pick<Io, 'clock' | 'entryFile'>,
): Promise<LocalWorld> {
  const watch = createFeedEvents({ clock, report })
  const ports = portsFrom(portBase)
  try {
    return await startLocalWorld({ ports, entryFile, variables, duplicates, watch })
  } catch (error) {
    throw notStarted(error, 'local')
  }
}

/** Reports the letters written from now on; returns how to stop. */
function reportLetters(
  { deadLetterFolder }: LocalWorld,
  report: (event: FeedEvent) => void,
  clock: Clock,
): () => void {
  if (deadLetterFolder === undefined) return () => {}
  const reader = createLetterReader(deadLetterFolder)
  reader.readNew()
  let cancel = (): void => {}
  readOn()
  return () => {
    cancel()
    for (const letter of reader.readNew()) report(letterEvent(letter))
  }

  function readOn(): void {
    for (const letter of reader.readNew()) report(letterEvent(letter))
    cancel = clock.after(LOOK_FOR_LETTERS_EVERY_MS, readOn)
  }
}

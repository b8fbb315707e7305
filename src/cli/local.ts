import { parseArgs } from 'node:util'
import { systemClock } from '../lib/clock.ts'
import { argumentsOrExit } from './arguments-or-exit.ts'
import { createEventFeed } from './event-feed.ts'
import type { FeedEvent } from './event-line.ts'
import { createFeedEvents, letterEvent } from './feed-events.ts'
import { createLetterReader } from './letter-reader.ts'
import { type LocalWorld, startLocalWorld } from './local-world.ts'
import { DEFAULT_PORT_BASE, parsePortBase, portsFrom } from './ports.ts'
import { variablesGiven } from './service-environment.ts'
import { suggestedCommands } from './suggested-commands.ts'
import { exitRequested, waitForExit } from './wait-for-exit.ts'

const HELP = `A whole world on this machine until Ctrl-C: Pub/Sub with a topic and a signed push subscription,
the real service, Mixpanel. Prints commands to paste, then a line for each thing that happens.

npm run local                             on the ports 8080 to 8084
npm run local -- --port-base 9000         on the ports from 9000 on
npm run local -- --dead-letters DIR       keeps dead letters there after the end
npm run local -- --duplicates 0.1         pushes a share of the acked messages again
TRANSFORM=./my.mjs npm run local          passes variables on to the service, except
                                          those that would tie it to another world`

const LOOK_FOR_LETTERS_EVERY_MS = 200

await main()

async function main(): Promise<void> {
  const options = argumentsOrExit(HELP, optionsGiven)
  if (options.help) return console.log(HELP)
  const requested = exitRequested()
  const feed = createEventFeed({ clock: systemClock, write: console.log })
  const world = await startWorldOrExit(options, feed.print)
  console.log(suggestedCommands(world, options.portBase))
  const stopReading = reportLetters(world, feed.print)
  const code = await waitForExit(world.service, requested)
  if (code !== 0) console.error(world.lastLogLines().join('\n'))
  stopReading()
  console.log('Ending: the service settles what it can.')
  await world.close()
  feed.close()
  process.exitCode = code
}

interface Options {
  readonly help: boolean
  readonly portBase: number
  readonly duplicates: number
  /** Variables of the service, which override the world's. */
  readonly variables: Readonly<Record<string, string>>
}

function optionsGiven(): Options {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      'port-base': { type: 'string', default: DEFAULT_PORT_BASE },
      'dead-letters': { type: 'string' },
      duplicates: { type: 'string', default: '0' },
    },
  })
  return {
    help: values.help,
    portBase: parsePortBase(values['port-base']),
    duplicates: parseShare(values.duplicates),
    variables: variablesFor(values['dead-letters']),
  }
}

function parseShare(text: string): number {
  if (/^(0|1|0?\.\d+)$/.test(text)) return Number(text)
  throw new Error('--duplicates must be a number from 0 to 1')
}

function variablesFor(deadLetters: string | undefined): Options['variables'] {
  const given = variablesGiven(process.env)
  if (deadLetters === undefined) return given
  if (deadLetters === '') throw new Error('--dead-letters must name a folder')
  if (given.DEAD_LETTER === undefined) return { ...given, DEAD_LETTER: `file:${deadLetters}` }
  throw new Error(
    '--dead-letters and DEAD_LETTER both name a place for dead letters: set one of them',
  )
}

/** Starts the world. The most frequent failure is a port that is taken. */
async function startWorldOrExit(
  options: Options,
  report: (event: FeedEvent) => void,
): Promise<LocalWorld> {
  const { portBase, duplicates, variables } = options
  const watch = createFeedEvents({ clock: systemClock, report })
  try {
    return await startLocalWorld({ ports: portsFrom(portBase), variables, duplicates, watch })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error(
      'The world did not start. Take other ports with: npm run local -- --port-base 9000',
    )
    process.exit(1)
  }
}

/** Reports the letters written from now on; returns how to stop. */
function reportLetters(
  { deadLetterFolder }: LocalWorld,
  report: (event: FeedEvent) => void,
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
    cancel = systemClock.after(LOOK_FOR_LETTERS_EVERY_MS, readOn)
  }
}

import { createEventFeed } from './event-feed.ts'
import type { FeedEvent } from './event-line.ts'
import { createFeedEvents } from './feed-events.ts'
import type { ExitCode, Io } from './frame/io.ts'
import { createPaint } from './frame/paint.ts'
import { type LocalWorld, startLocalWorld } from './local-world.ts'
import { mappingKeys } from './mapping-keys.ts'
import { notStarted } from './not-started.ts'
import type { WorldPage } from './page/world-page.ts'
import type { PageOptions } from './page-flags.ts'
import { portsFrom } from './ports.ts'
import { reloadTransform } from './reload-transform.ts'
import { variablesGiven } from './service-environment.ts'
import { loadPage, servePage, watchFor } from './start-page.ts'
import { suggestedCommands } from './suggested-commands.ts'
import { exitRequested, waitForExit } from './wait-for-exit.ts'
import { watchLetters } from './watch-letters.ts'
import { createWorldTally } from './world-summary.ts'

/** The world that a person has asked `local` for. */
export interface WorldOptions {
  readonly portBase: number
  /** The share of acked messages that are pushed again. */
  readonly duplicates: number
  /** The folder in which dead letters are kept; that of `DEAD_LETTER`, or none, when absent. */
  readonly deadLetters: string | undefined
  readonly page: PageOptions
}

/** Runs a world until an end from outside, and tells what happens in it. */
export async function liveInWorld(options: WorldOptions, io: Io): Promise<ExitCode> {
  const { stdout, stderr, clock, env, entryFile } = io
  const requested = exitRequested(io.ending())
  const feed = createEventFeed({ clock, write: stdout.print, paint: createPaint(stdout, io) })
  const tally = createWorldTally()
  const page = await loadPage(options.page, io)
  const { world, served } = await startWorld(options, { report, page, io })
  stdout.print(suggestedCommands(addressesOf(world, served?.url, env), options.portBase))
  const stops = [
    world.deadLetterFolder === undefined
      ? () => {}
      : watchLetters(world.deadLetterFolder, clock, report),
    reloadTransform(world, {
      clock,
      entryFile,
      report,
      loaded: async () => page?.mappingLoaded(),
    }),
  ]
  const code = await waitForExit(world.service, requested, stderr)
  if (code !== 0) stderr.print(world.lastLogLines().join('\n'))
  for (const stop of stops) stop()
  stdout.print('Ending: the service settles what it can.')
  await served?.close()
  await world.close()
  feed.close()
  stdout.print(tally.text({ ...world.mixpanel.rowCounts(), backlog: world.subscription.backlog() }))
  return code

  function report(event: FeedEvent): void {
    feed.print(event)
    tally.add(event)
    page?.report(event)
  }
}

interface StartDeps {
  readonly report: (event: FeedEvent) => void
  readonly page: WorldPage | undefined
  readonly io: Io
}

/** Starts the world and its page. The most frequent failure is a port that is taken. */
async function startWorld(options: WorldOptions, { report, page, io }: StartDeps) {
  const { clock, entryFile } = io
  const ports = portsFrom(options.portBase)
  const watch = watchFor(page, createFeedEvents({ clock, report }))
  const variables = await variablesFor(options, io.env)
  try {
    const { duplicates } = options
    const world = await startLocalWorld({ ports, entryFile, variables, duplicates, watch })
    const { isOpened } = options.page
    const served =
      page && (await servePage(page, { world, port: ports.page, report, isOpened }, io))
    return { world, served }
  } catch (error) {
    throw notStarted(error, 'local')
  }
}

async function variablesFor({ deadLetters }: WorldOptions, env: Io['env']) {
  const given = { ...variablesGiven(env), ...(await mappingKeys(env)) }
  return deadLetters === undefined ? given : { ...given, DEAD_LETTER: `file:${deadLetters}` }
}

function addressesOf(world: LocalWorld, page: string | undefined, env: Io['env']) {
  // npm sets it to the name of the script that it runs.
  const isNpmScript = env.npm_lifecycle_event === 'local'
  return {
    ...world,
    service: { url: world.service.url(), pid: world.service.pid() ?? 0 },
    publishCommand: isNpmScript ? 'npm run local:publish --' : 'pubsub-mixpanel publish',
    ...(page !== undefined && { page }),
  }
}

import type { Row } from '../local/mixpanel/row-store.ts'
import type { PushResult } from '../local/pubsub/push-stats.ts'
import type { SubscriptionObserver } from '../local/pubsub/push-subscription.ts'
import { LOCAL_TOPIC } from '../local/push-request.ts'
import { SAMPLE_EVENTS } from '../local/sample-events.ts'
import type { DeadLetter } from '../model/dead-letter.ts'
import type { FeedEvent } from './event-line.ts'
import { createFeedEvents } from './feed-events.ts'
import { defineCommand } from './frame/command.ts'
import type { Io, Output } from './frame/io.ts'
import { visibleText } from './frame/visible-text.ts'
import { createLetterReader } from './letter-reader.ts'
import { type LocalWorld, startLocalWorld } from './local-world.ts'
import { notStarted } from './not-started.ts'
import { PAGE_FLAGS, type PageOptions } from './page-flags.ts'
import { FREE_PORTS, PORT_BASE, type Ports, parsePortBase, portsFrom } from './ports.ts'
import { loadPage, type ServedPage, servePage, watchFor } from './start-page.ts'
import { exitRequested, waitForExit } from './wait-for-exit.ts'
import { watchLetters } from './watch-letters.ts'

const BAD_EVENT =
  '{"event": "signed_up", "properties": {"distinct_id": "bob", "time": "yesterday"}}'
const ACKED = 'Pub/Sub was answered 204 (acked)'
const GOOD_EVENT = '{"event": "signed_up", "properties": {"distinct_id": "alice", "plan": "pro"}}'

/** Shows the main job between stand-ins. */
export const demo = defineCommand({
  name: 'pubsub-mixpanel demo',
  about: `Shows the main job on this machine:
signed push -> verified -> decoded -> batched -> /import -> 204.`,
  examples: [
    ['pubsub-mixpanel demo', 'run it, then keep serving until Ctrl-C'],
    ['pubsub-mixpanel demo --once', 'run it and end, with 0 only if all went as promised'],
    ['pubsub-mixpanel demo --port-base 9000', 'use the ports from 9000 to 9005'],
  ],
  flags: {
    once: { type: 'boolean', default: false, meaning: 'end after the run; any free ports' },
    'port-base': PORT_BASE,
    ...PAGE_FLAGS,
  },
  async run({ flags }, io) {
    const ports = portsFrom(parsePortBase(flags['port-base']))
    const requested = exitRequested(io.ending())
    io.stdout.print('Starting a whole world on this machine …\n')
    const world = flags.once
      ? await startWorld(FREE_PORTS, { isLeftOut: true, isOpened: false }, io)
      : await startWorld(ports, { isLeftOut: flags['no-page'], isOpened: flags.open }, io)
    const kept = await Promise.race([show(world, io.stdout), requested.then(() => false)])
    if (!flags.once) showWhatToTryNext(world, io.stdout)
    const code = flags.once ? Number(!kept) : await waitForExit(world.service, requested, io.stderr)
    await world.closeAll()
    if (flags.once) io.ending().throwIfAborted()
    return code
  },
})

interface DemoWorld extends LocalWorld {
  /** Publishes a message and resolves with the result of its first push. */
  publish(data: string): Promise<PushResult>
  readonly deadLetterFolder: string
  /** Absent when there is no page. */
  readonly page?: ServedPage
  /** Ends the page and the world. */
  closeAll(): Promise<void>
}

/** Starts the world and its page. The most frequent failure is a port that is taken. */
async function startWorld(ports: Ports, wanted: PageOptions, io: Io): Promise<DemoWorld> {
  try {
    return await startDemoWorld(ports, wanted, io)
  } catch (error) {
    throw notStarted(error, 'demo')
  }
}

async function startDemoWorld(ports: Ports, wanted: PageOptions, io: Io): Promise<DemoWorld> {
  const { clock, entryFile } = io
  const waiting = new Map<string, (result: PushResult) => void>()
  const page = await loadPage(wanted, io)
  const report = (event: FeedEvent): void => page?.report(event)
  const feed = createFeedEvents({ clock, report })
  const watch = watchFor(page, { ...feed, deliveries: alsoCalling(feed.deliveries, waiting) })
  const world = await startLocalWorld({ ports, entryFile, watch })
  const served =
    page &&
    (await servePage(page, { world, port: ports.page, report, isOpened: wanted.isOpened }, io))
  const { deadLetterFolder = '' } = world
  const stopWatching = watchLetters(deadLetterFolder, clock, report)
  return {
    ...world,
    deadLetterFolder,
    publish,
    ...(served !== undefined && { page: served }),
    closeAll,
  }

  function publish(data: string): Promise<PushResult> {
    const [messageId = ''] = world.pubsub.publish(LOCAL_TOPIC, [{ data }])
    return new Promise((resolve) => waiting.set(messageId, resolve))
  }

  async function closeAll(): Promise<void> {
    stopWatching()
    await served?.close()
    await world.close()
  }
}

/** Resolves the wait for a message, too, when its push is answered. */
function alsoCalling(
  observer: SubscriptionObserver,
  waiting: ReadonlyMap<string, (result: PushResult) => void>,
): SubscriptionObserver {
  return {
    ...observer,
    answered(message, result, isAcked) {
      observer.answered?.(message, result, isAcked)
      waiting.get(message.messageId)?.(result)
    },
  }
}

/** Publishes two messages and prints the outcomes; resolves with whether they are as promised. */
async function show(world: DemoWorld, stdout: Output): Promise<boolean> {
  const { mixpanel, publish } = world
  const say = printTo(stdout)
  const ten = answered(await publish(SAMPLE_EVENTS.join('\n')))
  say('1. One message with ten events', ten)
  const two = answered(await publish([GOOD_EVENT, BAD_EVENT].join('\n')))
  say('2. One message with a good and a bad event', two)

  const rows = mixpanel.deduplicated()
  say(`Events in Mixpanel: ${rows.length}`, ...rows.map(rowLine))
  const letters = createLetterReader(world.deadLetterFolder).readNew()
  say(`Dead letters: ${letters.length}, in ${world.deadLetterFolder}`, ...letters.map(letterLine))

  const sampled = SAMPLE_EVENTS.every((event) => rows.some(({ raw }) => raw === event))
  const [letter] = letters
  const kept =
    ten === ACKED &&
    two === ACKED &&
    sampled &&
    rows.length === SAMPLE_EVENTS.length + 1 &&
    letters.length === 1 &&
    letter?.event === BAD_EVENT
  say(kept ? 'All as promised: nothing lost, nothing doubled.' : 'NOT as promised: see above.')
  return kept
}

function showWhatToTryNext(
  { service, issuer, mixpanel, deadLetterFolder, page }: DemoWorld,
  stdout: Output,
): void {
  printTo(stdout)(
    'Try next (Ctrl-C ends it):',
    ...(page === undefined
      ? []
      : [`${page.url}              # the page: watch it, and play with it`]),
    `TOKEN=$(curl -s ${issuer.url}/token)`,
    `DATA=$(printf '{"event":"hello","properties":{"distinct_id":"me"}}' | base64 | tr -d '\\n')`,
    `NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ)`,
    `curl -i ${service.url()}/push -H "Authorization: Bearer $TOKEN" \\`,
    `  -d '{"message":{"messageId":"1","publishTime":"'$NOW'","data":"'$DATA'"}}'`,
    `curl -i ${service.url()}/push -d '{}'         # no token: 401`,
    `curl -s ${service.url()}/health/ready`,
    `curl -s ${mixpanel.url}/events              # the events in Mixpanel`,
    `cat ${deadLetterFolder}/*`,
  )
}

function answered(result: PushResult): string {
  if (result.kind !== 'answered') return `Pub/Sub had no answer: ${result.kind}`
  return result.status === 204 ? ACKED : `Pub/Sub was answered ${result.status}`
}

function rowLine({ event, distinctId, time, insertId }: Row): string {
  const when = new Date(time).toISOString()
  return visibleText(`${when}  ${event.padEnd(12)} ${distinctId.padEnd(16)} $insert_id ${insertId}`)
}

function letterLine({ reason, field, detail, event }: DeadLetter): string {
  return `${visibleText(`${reason} at ${field}: ${detail}`)}\n   ${visibleText(event ?? '')}`
}

type Say = (title: string, ...lines: readonly string[]) => void

function printTo(stdout: Output): Say {
  return (title, ...lines) => {
    stdout.print([title, ...lines.map((line) => `   ${line}`), ''].join('\n'))
  }
}

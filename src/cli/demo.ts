import type { Row } from '../local/mixpanel/row-store.ts'
import type { PushResult } from '../local/pubsub/push-stats.ts'
import { LOCAL_TOPIC } from '../local/push-request.ts'
import { SAMPLE_EVENTS } from '../local/sample-events.ts'
import type { DeadLetter } from '../model/dead-letter.ts'
import { defineCommand } from './frame/command.ts'
import type { Output } from './frame/io.ts'
import { visibleText } from './frame/visible-text.ts'
import { createLetterReader } from './letter-reader.ts'
import { type LocalWorld, type LocalWorldOptions, startLocalWorld } from './local-world.ts'
import { notStarted } from './not-started.ts'
import { FREE_PORTS, PORT_BASE, type Ports, parsePortBase, portsFrom } from './ports.ts'
import { exitRequested, waitForExit } from './wait-for-exit.ts'

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
    ['pubsub-mixpanel demo --port-base 9000', 'use the ports from 9000 to 9004'],
  ],
  flags: {
    once: { type: 'boolean', default: false, meaning: 'end after the run; any free ports' },
    'port-base': PORT_BASE,
  },
  async run({ flags }, io) {
    const ports = portsFrom(parsePortBase(flags['port-base']))
    const requested = exitRequested(io.ending())
    const world = await startWorld(flags.once ? FREE_PORTS : ports, io.entryFile)
    const kept = await Promise.race([show(world, io.stdout), requested.then(() => false)])
    if (!flags.once) showWhatToTryNext(world, io.stdout)
    const code = flags.once ? Number(!kept) : await waitForExit(world.service, requested, io.stderr)
    await world.close()
    if (flags.once) io.ending().throwIfAborted()
    return code
  },
})

interface DemoWorld extends LocalWorld {
  /** Publishes a message and resolves with the result of its first push. */
  publish(data: string): Promise<PushResult>
  readonly deadLetterFolder: string
}

/** Starts the world. The most frequent failure is a port that is taken. */
async function startWorld(ports: Ports, entryFile: string): Promise<DemoWorld> {
  try {
    return await startDemoWorld({ ports, entryFile })
  } catch (error) {
    throw notStarted(error, 'demo')
  }
}

async function startDemoWorld(
  options: Pick<LocalWorldOptions, 'ports' | 'entryFile'>,
): Promise<DemoWorld> {
  const waiting = new Map<string, (result: PushResult) => void>()
  const world = await startLocalWorld({
    ...options,
    watch: {
      deliveries: { answered: ({ messageId }, result) => waiting.get(messageId)?.(result) },
    },
  })
  const { deadLetterFolder = '' } = world
  return { ...world, deadLetterFolder, publish }

  function publish(data: string): Promise<PushResult> {
    const [messageId = ''] = world.pubsub.publish(LOCAL_TOPIC, [{ data }])
    return new Promise((resolve) => waiting.set(messageId, resolve))
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
  { service, issuer, mixpanel, deadLetterFolder }: DemoWorld,
  stdout: Output,
): void {
  printTo(stdout)(
    'Try next (Ctrl-C ends it):',
    `TOKEN=$(curl -s ${issuer.url}/token)`,
    `DATA=$(printf '{"event":"hello","properties":{"distinct_id":"me"}}' | base64 | tr -d '\\n')`,
    `NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ)`,
    `curl -i ${service.url}/push -H "Authorization: Bearer $TOKEN" \\`,
    `  -d '{"message":{"messageId":"1","publishTime":"'$NOW'","data":"'$DATA'"}}'`,
    `curl -i ${service.url}/push -d '{}'         # no token: 401`,
    `curl -s ${service.url}/health/ready`,
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

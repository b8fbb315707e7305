import { parseArgs } from 'node:util'
import type { Row } from '../local/mixpanel/row-store.ts'
import type { PushResult } from '../local/pubsub/push-stats.ts'
import { LOCAL_TOPIC } from '../local/push-request.ts'
import { SAMPLE_EVENTS } from '../local/sample-events.ts'
import type { DeadLetter } from '../model/dead-letter.ts'
import { argumentsOrExit } from './arguments-or-exit.ts'
import { createLetterReader } from './letter-reader.ts'
import { type LocalWorld, startLocalWorld } from './local-world.ts'
import { DEFAULT_PORT_BASE, FREE_PORTS, type Ports, parsePortBase, portsFrom } from './ports.ts'
import { exitRequested, waitForExit } from './wait-for-exit.ts'

const HELP = `The main job on this machine: signed push -> verified -> decoded -> batched -> /import -> 204.

npm run demo                       run it, then keep serving until Ctrl-C
npm run demo -- --once             run it and end: exit code 0 only if all went as promised
npm run demo -- --port-base 9000   use the ports from 9000 on instead of 8080 to 8084`

const BAD_EVENT =
  '{"event": "signed_up", "properties": {"distinct_id": "bob", "time": "yesterday"}}'
const ACKED = 'Pub/Sub was answered 204 (acked)'
const GOOD_EVENT = '{"event": "signed_up", "properties": {"distinct_id": "alice", "plan": "pro"}}'

await main()

async function main(): Promise<void> {
  const options = argumentsOrExit(HELP, optionsGiven)
  if (options.help) return console.log(HELP)
  const requested = exitRequested()
  const world = await startWorldOrExit(options.once ? FREE_PORTS : portsFrom(options.portBase))
  const kept = await Promise.race([show(world), requested.then(() => false)])
  if (options.once) {
    process.exitCode = kept ? 0 : 1
  } else {
    showWhatToTryNext(world)
    process.exitCode = await waitForExit(world.service, requested)
  }
  await world.close()
}

interface Options {
  readonly once: boolean
  readonly help: boolean
  readonly portBase: number
}

function optionsGiven(): Options {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      'port-base': { type: 'string', default: DEFAULT_PORT_BASE },
    },
  })
  return { once: values.once, help: values.help, portBase: parsePortBase(values['port-base']) }
}

interface DemoWorld extends LocalWorld {
  /** Publishes a message and resolves with the result of its first push. */
  publish(data: string): Promise<PushResult>
  readonly deadLetterFolder: string
}

/** Starts the world. The most frequent failure is a port that is taken. */
async function startWorldOrExit(ports: Ports): Promise<DemoWorld> {
  try {
    return await startDemoWorld(ports)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error('The demo did not start. Take other ports with: npm run demo -- --port-base 9000')
    process.exit(1)
  }
}

async function startDemoWorld(ports: Ports): Promise<DemoWorld> {
  const waiting = new Map<string, (result: PushResult) => void>()
  const world = await startLocalWorld({
    ports,
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
async function show(world: DemoWorld): Promise<boolean> {
  const { mixpanel, publish } = world
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

function showWhatToTryNext({ service, issuer, mixpanel, deadLetterFolder }: DemoWorld): void {
  say(
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
  return `${when}  ${event.padEnd(12)} ${distinctId.padEnd(16)} $insert_id ${insertId}`
}

function letterLine({ reason, field, detail, event }: DeadLetter): string {
  return `${reason} at ${field}: ${detail}\n   ${event}`
}

function say(title: string, ...lines: readonly string[]): void {
  console.log([title, ...lines.map((line) => `   ${line}`), ''].join('\n'))
}

import { once } from 'node:events'
import { parseArgs } from 'node:util'
import type { PushAnswer } from '../local/http-post.ts'
import type { Row } from '../local/mixpanel/row-store.ts'
import { SAMPLE_EVENTS } from '../local/sample-events.ts'
import { type DemoWorld, type Ports, startDemoWorld } from './demo-world.ts'

const HELP = `The main job on this machine: signed push -> verified -> decoded -> batched -> /import -> 204.

npm run demo                       run it, then keep serving until Ctrl-C
npm run demo -- --once             run it and end: exit code 0 only if all went as promised
npm run demo -- --port-base 9000   use the ports from 9000 on instead of 8080 to 8083`

const BAD_EVENT =
  '{"event": "signed_up", "properties": {"distinct_id": "bob", "time": "yesterday"}}'
const GOOD_EVENT = '{"event": "signed_up", "properties": {"distinct_id": "alice", "plan": "pro"}}'
const DEFAULT_PORT_BASE = '8080'
/** The base and the three ports after it. */
const HIGHEST_PORT_BASE = 65_535 - 3

await main()

async function main(): Promise<void> {
  const options = optionsOrExit()
  if (options.help) return console.log(HELP)
  const world = await worldAt(options.once ? 0 : options.portBase)
  const kept = await show(world)
  if (options.once) {
    process.exitCode = kept ? 0 : 1
  } else {
    const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    showWhatToTryNext(world)
    await ended
  }
  await world.close()
}

interface Options {
  readonly once: boolean
  readonly help: boolean
  readonly portBase: number
}

function optionsOrExit(): Options {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        'port-base': { type: 'string', default: DEFAULT_PORT_BASE },
      },
    })
    return { once: values.once, help: values.help, portBase: portBaseOf(values['port-base']) }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    process.exit(2)
  }
}

function portBaseOf(text: string): number {
  const base = /^\d+$/.test(text) ? Number(text) : 0
  if (base >= 1 && base <= HIGHEST_PORT_BASE) return base
  throw new Error(`--port-base must be a whole number from 1 to ${HIGHEST_PORT_BASE}`)
}

/** Most often it is a port that is taken. */
async function worldAt(portBase: number): Promise<DemoWorld> {
  try {
    return await startDemoWorld(portsFrom(portBase))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error('The demo did not start. Take other ports with: npm run demo -- --port-base 9000')
    process.exit(1)
  }
}

function portsFrom(base: number): Ports {
  const place = (offset: number): number => (base === 0 ? 0 : base + offset)
  return { service: place(0), issuer: place(1), mixpanel: place(2), metrics: place(3) }
}

/** Publishes two messages and says what became of them; resolves with whether it was as promised. */
async function show(world: DemoWorld): Promise<boolean> {
  const { mixpanel, pusher } = world
  const ten = await pusher.push({ data: SAMPLE_EVENTS.join('\n') })
  say('1. One message with ten events', answered(ten))
  const two = await pusher.push({ data: [GOOD_EVENT, BAD_EVENT].join('\n') })
  say('2. One message with a good and a bad event', answered(two))

  const rows = mixpanel.deduplicated()
  say(`What Mixpanel has: ${rows.length} events`, ...rows.map(rowLine))
  const letters = await world.deadLetters()
  say(`Dead letters: ${letters.length}, in ${world.deadLetterFolder}`, ...letters.map(letterLine))

  const sampled = SAMPLE_EVENTS.every((event) => rows.some(({ raw }) => raw === event))
  const [letter] = letters
  const kept =
    ten.status === 204 &&
    two.status === 204 &&
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
    `curl -s ${mixpanel.url}/events              # what has arrived`,
    `cat ${deadLetterFolder}/*`,
  )
}

function answered({ status, body }: PushAnswer): string {
  return `Pub/Sub was answered ${status}${status === 204 ? ' (acked)' : `: ${body}`}`
}

function rowLine({ event, distinctId, time, insertId }: Row): string {
  const when = new Date(time).toISOString()
  return `${when}  ${event.padEnd(12)} ${distinctId.padEnd(16)} $insert_id ${insertId}`
}

function letterLine({ reason, field, detail, event }: Record<string, unknown>): string {
  return `${reason} at ${field}: ${detail}\n   ${event}`
}

function say(title: string, ...lines: readonly string[]): void {
  console.log([title, ...lines.map((line) => `   ${line}`), ''].join('\n'))
}

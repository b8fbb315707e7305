import { createReadStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { createPoster, type Poster } from '../local/http-post.ts'
import { isUnanswered, LOCAL_TOPIC } from '../local/push-request.ts'
import { argumentsOrExit } from './arguments-or-exit.ts'
import { formatCount } from './event-line.ts'
import { DEFAULT_PORT_BASE, parsePortBase, portsFrom } from './ports.ts'
import { type Published, publishEvents } from './publish-events.ts'

const HELP = `Publishes a file of events, one on each line, to the world that npm run local has started.

npm run local:publish -- FILE                     a hundred events in each message; - reads stdin
npm run local:publish -- --per-message 1 FILE     one event in each message
npm run local:publish -- --port-base 9000 FILE    to the world on these ports`

const HIGHEST_PER_MESSAGE = 1_000_000

await main()

async function main(): Promise<void> {
  const options = argumentsOrExit(HELP, optionsGiven)
  if (options.help) return console.log(HELP)
  const poster = createPoster()
  let published: Published = { events: 0, messages: 0 }
  try {
    const { perMessage } = options
    const publish = publishTo(poster, options.portBase)
    for await (const sum of publishEvents(bytesOf(options.file), { perMessage, publish })) {
      published = sum
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
  poster.close()
  console.log(summary(published))
}

interface Options {
  readonly help: boolean
  /** `-` is stdin. */
  readonly file: string
  readonly perMessage: number
  readonly portBase: number
}

function optionsGiven(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      'per-message': { type: 'string', default: '100' },
      'port-base': { type: 'string', default: DEFAULT_PORT_BASE },
    },
  })
  const [file = '', ...others] = positionals
  if (!values.help && (file === '' || others.length > 0)) throw new Error('one FILE is wanted')
  return {
    help: values.help,
    file,
    perMessage: parsePerMessage(values['per-message']),
    portBase: parsePortBase(values['port-base']),
  }
}

function parsePerMessage(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= HIGHEST_PER_MESSAGE) return count
  throw new Error(`--per-message must be a whole number from 1 to ${HIGHEST_PER_MESSAGE}`)
}

function bytesOf(file: string): AsyncIterable<Uint8Array> {
  return file === '-' ? process.stdin : createReadStream(file)
}

function publishTo(
  poster: Poster,
  portBase: number,
): (messages: readonly Uint8Array[]) => Promise<void> {
  const url = `http://127.0.0.1:${portsFrom(portBase).pubsub}`
  const headers = { 'content-type': 'application/json' }

  return async function publish(messages) {
    const body = JSON.stringify({ messages: messages.map((data) => ({ data: base64Of(data) })) })
    const endpoint = `${url}/v1/${LOCAL_TOPIC}:publish`
    const { status, body: said } = await poster.post({ endpoint, body, headers }).catch(noWorld)
    if (status !== 200) throw new Error(`${url} takes no events: it answered ${status}: ${said}`)
  }

  function noWorld(error: unknown): never {
    if (!isUnanswered(error)) throw error
    throw new Error(
      `No world answers at ${url}. Start one with npm run local, or name its ports with --port-base`,
      { cause: error },
    )
  }
}

function base64Of(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}

function summary({ events, messages }: Published): string {
  return `Published ${formatCount(events)} events in ${formatCount(messages)} messages.`
}

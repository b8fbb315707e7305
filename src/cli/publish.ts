import { createPoster, type Poster } from '../local/http-post.ts'
import { isUnanswered, LOCAL_TOPIC } from '../local/push-request.ts'
import { DamagedText } from './check/inflated.ts'
import { defineCommand } from './frame/command.ts'
import { countText } from './frame/count-text.ts'
import { type ExitCode, Failure, type Io, UserMistake } from './frame/io.ts'
import { nameOf, readInput } from './frame/read-input.ts'
import { visibleText } from './frame/visible-text.ts'
import { PORT_BASE, parsePortBase, portsFrom } from './ports.ts'
import { type Published, publishEvents } from './publish-events.ts'

const HIGHEST_PER_MESSAGE = 1_000_000

/** Publishes a file of events to a local world. */
export const publish = defineCommand({
  name: 'pubsub-mixpanel publish',
  operands: 'FILE | -',
  about:
    'Publishes a file of events to the world that local has started: NDJSON, a JSON array or one\n' +
    'object, or gzip of it. An array is one message.',
  examples: [
    ['pubsub-mixpanel publish events.ndjson', 'a hundred events in each message'],
    ['pubsub-mixpanel publish --per-message 1 events.ndjson', 'one event in each message'],
    ['gunzip -c events.gz | pubsub-mixpanel publish -', 'the events that come on stdin'],
  ],
  flags: {
    'per-message': {
      type: 'string',
      value: 'N',
      default: '100',
      meaning: 'the events in a message; fewer when they would be too large together',
    },
    'port-base': PORT_BASE,
  },
  async run({ flags, operands }, io) {
    const [file = '', ...others] = operands
    if (file === '' || others.length > 0) throw new UserMistake('one FILE is wanted')
    const options: Options = {
      file,
      perMessage: parsePerMessage(flags['per-message']),
      portBase: parsePortBase(flags['port-base']),
    }
    return publishFile(options, io)
  },
})

interface Options {
  /** `-` is stdin. */
  readonly file: string
  readonly perMessage: number
  readonly portBase: number
}

async function publishFile({ file, perMessage, portBase }: Options, io: Io): Promise<ExitCode> {
  const poster = createPoster()
  let published: Published = { events: 0, messages: 0 }
  const tell = () => io.stdout.print(summary(published))
  try {
    const deps = { perMessage, publish: publishTo(poster, portBase) }
    for await (const sum of publishEvents(readInput(file, io), deps)) published = sum
  } catch (error) {
    if (published.events > 0) tell()
    if (!(error instanceof DamagedText)) throw error
    throw new Failure(`${visibleText(nameOf(file))}: ${error.message}`, { cause: error })
  } finally {
    poster.close()
  }
  tell()
  return 0
}

function parsePerMessage(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= HIGHEST_PER_MESSAGE) return count
  throw new UserMistake(`--per-message must be a whole number from 1 to ${HIGHEST_PER_MESSAGE}`)
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
    if (status !== 200)
      throw new Failure(`${url} takes no events: it answered ${status}: ${visibleText(said)}`)
  }

  function noWorld(error: unknown): never {
    if (!isUnanswered(error)) throw error
    throw new Failure(
      `No world answers at ${url}. Start one with pubsub-mixpanel local, or name its ports with --port-base`,
      { cause: error },
    )
  }
}

function base64Of(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}

function summary({ events, messages }: Published): string {
  return `Published ${countText(events, 'event')} in ${countText(messages, 'message')}.`
}

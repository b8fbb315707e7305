import { createPoster, type Poster } from '../local/http-post.ts'
import { isUnanswered, LOCAL_TOPIC } from '../local/push-request.ts'
import { ATTRIBUTE_FLAG, attributesGiven } from './attribute-flag.ts'
import { DamagedText } from './check/inflated.ts'
import { defineCommand } from './frame/command.ts'
import { countText } from './frame/count-text.ts'
import { type ExitCode, Failure, type Io, UserMistake } from './frame/io.ts'
import { nameOf, readInput } from './frame/read-input.ts'
import { visibleText } from './frame/visible-text.ts'
import { PORT_BASE, parsePortBase, portsFrom } from './ports.ts'
import { type PublishDeps, type Published, publishEvents } from './publish-events.ts'

const HIGHEST_PER_MESSAGE = 1_000_000

/** Publishes a file of events to a local world. */
export const publish = defineCommand({
  name: 'pubsub-mixpanel publish',
  operands: '[FILE | -]',
  about:
    'Publishes events to the world that local has started: a file of NDJSON, a JSON array or one\n' +
    'object, or gzip of it, or texts of your own. An array is one message.',
  examples: [
    [`pubsub-mixpanel publish -e '{"event":"paid","properties":{}}'`, 'an event, as it is written'],
    ['pubsub-mixpanel publish --per-message 1 events.ndjson', 'one event a message, not a hundred'],
    ['gunzip -c events.gz | pubsub-mixpanel publish -', 'the events that come on stdin'],
  ],
  flags: {
    event: {
      type: 'string',
      short: 'e',
      value: 'TEXT',
      multiple: true,
      meaning: 'publish this text in the place of a FILE; several are lines of one message',
    },
    attribute: ATTRIBUTE_FLAG,
    'ordering-key': {
      type: 'string',
      value: 'K',
      meaning: 'the ordering key of each message',
    },
    'per-message': {
      type: 'string',
      value: 'N',
      default: '100',
      meaning: 'the events in a message; fewer when they would be too large together',
    },
    'port-base': PORT_BASE,
  },
  async run({ flags, operands }, io) {
    const { event: texts = [], 'ordering-key': orderingKey } = flags
    const [file, ...others] = operands
    if (others.length > 0 || (file === undefined) === (texts.length === 0)) {
      throw new UserMistake('one FILE is wanted, or texts with --event')
    }
    const options: Options = {
      source: file === undefined ? { kind: 'texts', texts } : { kind: 'file', file },
      message: {
        attributes: attributesGiven(flags.attribute),
        ...(orderingKey !== undefined && { orderingKey }),
      },
      perMessage: parsePerMessage(flags['per-message']),
      portBase: parsePortBase(flags['port-base']),
    }
    return publishAll(options, io)
  },
})

interface Options {
  /** A file, whose name `-` is stdin, or texts. */
  readonly source: Readonly<
    { kind: 'file'; file: string } | { kind: 'texts'; texts: readonly string[] }
  >
  /** The parts of each message beside its data. */
  readonly message: Readonly<{ attributes: Readonly<Record<string, string>>; orderingKey?: string }>
  readonly perMessage: number
  readonly portBase: number
}

async function publishAll(options: Options, io: Io): Promise<ExitCode> {
  const poster = createPoster()
  const deps = { perMessage: options.perMessage, publish: publishTo(poster, options) }
  let published: Published = { events: 0, messages: 0 }
  const tell = () => io.stdout.print(summary(published))
  try {
    for await (const sum of publishEvents(chunksOf(options, io), deps)) published = sum
  } catch (error) {
    if (published.events > 0) tell()
    if (!(error instanceof DamagedText)) throw error
    const { source } = options
    const name = source.kind === 'file' ? visibleText(nameOf(source.file)) : '--event'
    throw new Failure(`${name}: ${error.message}`, { cause: error })
  } finally {
    poster.close()
  }
  tell()
  return 0
}

type Publish = PublishDeps['publish']

/** Reads the file, or the texts as if they were the lines of one. */
async function* chunksOf({ source }: Options, io: Io): AsyncGenerator<Buffer> {
  if (source.kind === 'file') yield* readInput(source.file, io)
  else yield Buffer.from(source.texts.join('\n'))
}

function parsePerMessage(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= HIGHEST_PER_MESSAGE) return count
  throw new UserMistake(`--per-message must be a whole number from 1 to ${HIGHEST_PER_MESSAGE}`)
}

function publishTo(poster: Poster, { portBase, message }: Options): Publish {
  const url = `http://127.0.0.1:${portsFrom(portBase).pubsub}`
  const headers = { 'content-type': 'application/json' }

  return async function publish(messages) {
    const body = JSON.stringify({
      messages: messages.map((data) => ({ data: base64Of(data), ...message })),
    })
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

import { InvalidConfigurationError } from '../../config/load-config.ts'
import { loadEventSettings } from '../../config/settings.ts'
import type { Answer } from '../../local/answer.ts'
import type { LoopbackServer } from '../../local/loopback-server.ts'
import type { StandInSettings } from '../../local/mixpanel/control-route.ts'
import { createEventStream } from '../../local/page/event-stream.ts'
import { type PageAction, startPageServer } from '../../local/page/page-server.ts'
import { LOCAL_TOPIC } from '../../local/push-request.ts'
import { isInvalidMapping } from '../../transform/mapping/invalid-mapping.ts'
import { eventGroup, type FeedEvent } from '../event-line.ts'
import { type Io, UserMistake, UserMistakes } from '../frame/io.ts'
import type { LocalWorld, WorldWatch } from '../local-world.ts'
import { createThinnedEvents } from '../thinned-events.ts'
import { textIn } from './input.ts'
import { createLettersDesk } from './letters-desk.ts'
import { createMappingDesk, type MappingDesk } from './mapping-desk.ts'
import { type LetterFacts, viewMessage } from './message-view.ts'
import { viewMixpanel } from './mixpanel-view.ts'
import { createLookAtWorld } from './present.ts'
import { publishMessage } from './publish-message.ts'
import { createRecentMessages, type RecentMessage } from './recent-messages.ts'
import { type Settled, settledIn } from './settled-line.ts'
import { createWeather } from './weather.ts'

/** The page of a local world. */
export interface WorldPage {
  /** The callbacks by which it watches the world, beside the events that are reported to it. */
  readonly watch: Required<Pick<WorldWatch, 'published' | 'controlled' | 'logged'>>
  /** Takes an event of the world. */
  report(event: FeedEvent): void
  /** Says that the service has loaded the mapping anew. */
  mappingLoaded(): Promise<void>
  /** Serves the page. Rejects when the port is taken. */
  start(world: LocalWorld, serving: Serving): Promise<LoopbackServer>
}

export interface Serving {
  readonly port: number
  /** Called with the events that a person causes by the page. */
  readonly report: (event: FeedEvent) => void
}

const ITEMS_A_SECOND = 50
const LOOK_EVERY_MS = 1_000
/** The dead letters whose reasons are known without a look at their files. */
const MOST_LETTERS = 5_000

type PageEvent = (FeedEvent | Settled) & { readonly at: number }

/** Makes the page of a world that is not started yet. `files` is the folder of its files. */
export function createWorldPage(io: Io, files: URL): WorldPage {
  const { clock } = io
  const stream = createEventStream(String(clock.now()))
  const recent = createRecentMessages()
  const letters = new Map<string, LetterFacts>()
  let settings: StandInSettings | undefined
  let mapping: MappingDesk | undefined
  const items = createThinnedEvents<PageEvent>({
    clock,
    mostASecond: ITEMS_A_SECOND,
    groupOf: (event) => (event.kind === 'settled' ? 'settled' : eventGroup(event)),
    show: stream.send,
    showCounts: (counts) => stream.send({ kind: 'sums', counts, at: clock.now() }),
  })

  return {
    watch: {
      published(topic, messages) {
        if (topic === LOCAL_TOPIC) for (const message of messages) recent.add(message)
      },
      controlled: (changed) => {
        settings = changed
      },
      logged: (line) => {
        const settled = settledIn(line)
        if (settled !== undefined) items.add({ ...settled, at: clock.now() })
      },
    },
    report,
    mappingLoaded: async () => mapping?.reload(),
    start,
  }

  function report(event: FeedEvent): void {
    const seen = { ...event, at: clock.now() }
    if (seen.kind === 'delivered') recent.delivered(seen)
    if (seen.kind === 'dead_letter') noteLetter(seen)
    items.add(seen)
  }

  function noteLetter({ id, reason, field, detail }: FeedEvent & { kind: 'dead_letter' }): void {
    letters.set(id, { reason, detail, ...(field !== undefined && { field }) })
    const [oldest] = letters.keys()
    if (letters.size > MOST_LETTERS && oldest !== undefined) letters.delete(oldest)
  }

  async function start(world: LocalWorld, serving: Serving): Promise<LoopbackServer> {
    const serviceIo = { ...io, env: world.variables }
    const desk = await createMappingDesk({
      settings: loadEventSettings(world.variables),
      io: serviceIo,
      last: () => recent.all()[0],
    })
    mapping = desk
    const lettersDesk = createLettersDesk({ folder: world.deadLetterFolder, io: serviceIo })
    const weather = createWeather(world, serving.report)
    const look = createLookAtWorld(world, { clock, settings: () => settings, keys: weather.keys })
    const server = await startPageServer({
      port: serving.port,
      folder: files,
      state,
      stream,
      actions: {
        publish: (input) => publishMessage(world.pubsub.url, input),
        message: (input) => showMessage(world, desk, recent.find(textIn(input, 'messageId'))),
        mixpanel: () => showMixpanel(world, desk),
        letters: lettersDesk.list,
        letter: guarded(lettersDesk.open),
        replay: changing(lettersDesk.replay),
        weather: changing(weather.set),
        mapping: guarded(desk.read),
        try: guarded(desk.try),
        save: changing(desk.save),
      },
    })
    const stopTelling = tellPresent()
    return { ...server, close: () => server.close().then(stopTelling) }

    async function state(): Promise<object> {
      const present = await look()
      return { after: stream.lastId(), items: stream.kept(), present, world: addressesOf(world) }
    }

    /** Sends the present counts each second while a page watches. */
    function tellPresent(): () => void {
      let cancel = clock.after(LOOK_EVERY_MS, tell)
      return () => cancel()

      function tell(): void {
        cancel = clock.after(LOOK_EVERY_MS, tell)
        if (stream.watchers() > 0) void sendPresent()
      }
    }

    async function sendPresent(): Promise<void> {
      stream.sendPassing({ kind: 'present', present: await look() })
    }

    /** Makes an action after which the page sees the present at once. */
    function changing(action: (input: unknown) => Promise<Answer>): PageAction {
      return async (input) => {
        const answer = await guarded(action)(input)
        await sendPresent()
        return answer
      }
    }
  }

  async function showMessage(
    { mixpanel }: Pick<LocalWorld, 'mixpanel'>,
    desk: MappingDesk,
    found: RecentMessage | undefined,
  ): Promise<Answer> {
    if (found === undefined) return GONE
    const explained = await desk.explain(found)
    const copies = new Map<string, number>()
    for (const { insertId } of mixpanel.rows()) {
      copies.set(insertId, (copies.get(insertId) ?? 0) + 1)
    }
    const facts = {
      letter: (id: string) => letters.get(id),
      copies: (insertId: string) => copies.get(insertId) ?? 0,
    }
    const view = viewMessage(found, explained ?? NOT_EXPLAINED, facts)
    const note = explained === undefined ? { note: MODULE_CHANGED } : {}
    return { status: 200, body: { ...view, ...note } }
  }

  async function showMixpanel(
    { mixpanel }: Pick<LocalWorld, 'mixpanel'>,
    desk: MappingDesk,
  ): Promise<Answer> {
    const explain = async (one: RecentMessage) => (await desk.explain(one)) ?? NOT_EXPLAINED
    return { status: 200, body: await viewMixpanel({ mixpanel, recent, explain }) }
  }
}

const NOT_EXPLAINED = { events: [], moreLines: 0 }
const MODULE_CHANGED =
  'The module of TRANSFORM has changed since the page was started, so its events are not shown.'
const GONE: Answer = {
  status: 404,
  body: { error: 'The page keeps the last messages only, and this one is not among them.' },
}

function addressesOf({ service, pubsub, mixpanel, deadLetterFolder, logFile }: LocalWorld) {
  return {
    service: service.url(),
    pubsub: pubsub.url,
    mixpanel: mixpanel.url,
    deadLetters: deadLetterFolder ?? '',
    logFile,
  }
}

/** Makes an action that answers with the text of an expected error. */
function guarded(action: PageAction): PageAction {
  return async (input) => {
    try {
      return await action(input)
    } catch (error) {
      if (!isExpected(error)) throw error
      return { status: 409, body: { error: error.message } }
    }
  }
}

function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const isOfUser = error instanceof UserMistake || error instanceof UserMistakes
  const isOfFile = 'errno' in error && 'path' in error
  return (
    isOfUser || isOfFile || isInvalidMapping(error) || error instanceof InvalidConfigurationError
  )
}

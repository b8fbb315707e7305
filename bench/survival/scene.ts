import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { neighbourVariables } from '../../src/cli/service-environment.ts'
import { createRowStore, type Row, type RowStore } from '../../src/local/mixpanel/row-store.ts'
import { type MixpanelStandIn, startMixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import type { TopicMessage } from '../../src/local/pubsub/publish-rules.ts'
import { startTokenIssuer } from '../../src/local/token-issuer.ts'
import { createWorldTime, type WorldTime } from '../../src/local/world-time.ts'
import type { Books } from './books.ts'
import { type ChannelParts, openChannel, type PushChannel } from './channel.ts'
import { createDisk } from './disk.ts'
import type { Facts } from './expected.ts'
import { type Faults, keyFaults } from './faults.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { type LetterStore, openLetterStore } from './letter-store.ts'
import { subscriptionOf } from './letter-topic.ts'
import { mixpanelFaults } from './mixpanel-faults.ts'
import { POISON } from './planned-event.ts'
import type { Random } from './random.ts'
import { type Setting, variablesOf } from './setting.ts'
import type { Survival } from './survival.ts'

/** The service between a Pub/Sub, a Mixpanel, a key server and letters that can all be made to fail. */
export interface Scene extends AsyncDisposable {
  readonly mixpanel: MixpanelStandIn
  readonly fleet: Fleet
  readonly store: LetterStore
  /** All that can be struck. */
  readonly faults: Faults
  /** Two topics whose messages have the same ids: one has most of the traffic. */
  readonly channels: readonly PushChannel[]
  readonly facts: Facts
  /** Pub/Sub's, and that of Mixpanel's quota. */
  readonly time: WorldTime
  nextMark(): string
  /** Pushes that wait for their answer. */
  held(): number
  /** How many of the subscription with most of the traffic may: the other has too few to fill its. */
  window(): number
  /** Messages that are not acked. */
  backlog(): number
  /** Called with the rows of each request, of none when it was refused; returns how to stop that. */
  watchRows(watch: (rows: readonly Row[]) => void): () => void
  /**
   * Mends what makes events explode or poisons them. Resolves with the exit codes of the processes
   * that were replaced.
   */
  mend(): Promise<readonly (number | undefined)[]>
  /** Publishes again what lies in the dead letters, or what a policy took; answers with how many. */
  replay(): number
  /** How many of those are not acked yet. */
  replaying(): number
  counts(): Survival['counts']
}

export interface SceneOptions {
  readonly books: Books
  readonly random: Random
  readonly setting: Setting
  /** The service's entry file; that of this checkout when absent. */
  readonly main?: string | undefined
}

/**
 * So much faster passes Pub/Sub's time, and the minute of Mixpanel's quota. The ack deadline of the
 * subscriptions is ten seconds of ours then, as the service's is.
 */
export const SPEED = 60
const ACK_DEADLINE_SECONDS = 600
/** Pub/Sub keeps its deadline at best effort: here it gives up, and pushes again, well before. */
const HASTY_DEADLINE_SECONDS = 240
/** Early in the day: compaction goes by the day, and at midnight has less to bring together. */
const WORLD_STARTS_AT = Date.UTC(2026, 0, 15, 1)
const MIXPANEL_TIMEOUT_SECONDS = 3
const KEPT_REQUESTS = 1_000
const TRANSFORM = join(import.meta.dirname, 'transform.mjs')

/** Starts all of it on loopback; disposing of it leaves nothing behind. */
export async function startScene({ books, random, setting, main }: SceneOptions): Promise<Scene> {
  await using starting = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-survival-'))
  starting.defer(() => rm(folder, { recursive: true, force: true }))
  const time = createWorldTime({ speed: SPEED, startAt: WORLD_STARTS_AT })
  const { store: rows, watchRows } = watchedStore()
  watchRows(books.stored)
  let hasIgnoredVerbs = false
  watchRows(() => {
    hasIgnoredVerbs ||= mixpanel.switches.values().identityVerbs === 'ignored'
  })
  const mixpanel = await startMixpanelStandIn({
    now: time.now,
    store: rows,
    switches: { poison: POISON },
    keptRequests: KEPT_REQUESTS,
  })
  starting.defer(mixpanel.close)
  const issuer = await startTokenIssuer()
  starting.defer(issuer.close)

  const disks = Array.from({ length: setting.instances }, (_, at) => {
    return createDisk(join(folder, `disk-${at + 1}`))
  })
  const store = await openLetterStore(setting, { folder, disks, replay: replayLetter })
  starting.defer(store.close)
  let isMended = false
  const facts: Facts = {
    deduplicated: mixpanel.deduplicated,
    compacted: mixpanel.compacted,
    letters: store.all,
    readNewLetters: store.readNew,
    hasIgnoredVerbs: () => hasIgnoredVerbs,
    isMended: () => isMended,
  }
  const channels: PushChannel[] = []
  const parts: Omit<ChannelParts, 'ackDeadlineSeconds'> = {
    time,
    random,
    token: issuer.token,
    hasDeadLetterPolicy: setting.letters === 'subscription',
    books,
    facts,
  }
  for (const form of ['wrapped', 'eventarc'] as const) {
    const ackDeadlineSeconds = form === 'wrapped' ? ACK_DEADLINE_SECONDS : HASTY_DEADLINE_SECONDS
    const channel = await openChannel(form, { ...parts, ackDeadlineSeconds })
    starting.defer(channel.close)
    channels.push(channel)
  }
  const fleet = await startFleet({
    disks,
    random: random.fork(),
    main,
    env: () => ({
      ...neighbourVariables({ mixpanel, issuer }),
      ...variablesOf(setting),
      ...store.env,
      ...(isMended && { MENDED: 'yes' }),
      PATH: process.env.PATH ?? '',
      MIXPANEL_TIMEOUT_SECONDS: String(MIXPANEL_TIMEOUT_SECONDS),
      TRANSFORM,
    }),
    routed: (...urls) => {
      const [first = '', ...others] = urls.map((url) => `${url}/push`)
      for (const channel of channels) channel.setEndpoints(first, ...others)
    },
  })
  starting.defer(fleet.close)
  const started = starting.move()
  let marks = 0

  return {
    mixpanel,
    fleet,
    store,
    faults: { ...mixpanelFaults(mixpanel), ...keyFaults(issuer), ...store.faults },
    channels: [channels, channels.slice(0, 1), channels.slice(0, 1)].flat(),
    facts,
    time,
    nextMark: () => `m${marks++}`,
    held: () => sumOf(({ held }) => held()),
    window: () => channels[0]?.window() ?? 0,
    backlog: () => sumOf(({ backlog }) => backlog()),
    watchRows,
    mend,
    replay: () => store.replayAll() + sumOf(({ redrive }) => redrive()),
    replaying: () => sumOf(({ replaying }) => replaying()),
    counts,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }

  function replayLetter(letter: TopicMessage): void {
    channels.find(({ name }) => name === subscriptionOf(letter))?.replay(letter)
  }

  function mend(): Promise<readonly (number | undefined)[]> {
    isMended = true
    mixpanel.switches.set({ poison: '' })
    return fleet.restart()
  }

  function sumOf(amount: (channel: PushChannel) => number): number {
    return channels.reduce((sum, channel) => sum + amount(channel), 0)
  }

  function counts(): Survival['counts'] {
    const ids = store.all().map(({ subscription, id }) => `${subscription} ${id}`)
    return {
      rows: mixpanel.rows().length,
      deduplicated: mixpanel.deduplicated().length,
      deadLetters: new Set(ids).size,
      lettersAgain: ids.length - new Set(ids).size,
      pushes: sumOf(({ stats }) => stats().pushes),
      redeliveries: sumOf(({ stats }) => stats().redeliveries),
      duplicates: sumOf(({ stats }) => stats().duplicates),
      forwarded: sumOf(({ stats }) => stats().deadLettered),
      imports: mixpanel.traffic().requests,
    }
  }
}

/** A store of rows that tells of each request to add some. */
function watchedStore(): { store: RowStore; watchRows: Scene['watchRows'] } {
  const watchers = new Set<(rows: readonly Row[]) => void>()
  const kept = createRowStore()
  return { store: { ...kept, add }, watchRows }

  function add(rows: readonly Row[]): void {
    kept.add(rows)
    for (const watch of watchers) watch(rows)
  }

  function watchRows(watch: (rows: readonly Row[]) => void): () => void {
    watchers.add(watch)
    return () => watchers.delete(watch)
  }
}

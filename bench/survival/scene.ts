import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { neighbourVariables } from '../../src/cli/service-environment.ts'
import { createRowStore, type Row, type RowStore } from '../../src/local/mixpanel/row-store.ts'
import { type MixpanelStandIn, startMixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import type { TopicMessage } from '../../src/local/pubsub/publish-rules.ts'
import { startTokenIssuer } from '../../src/local/token-issuer.ts'
import { createWorldTime, type WorldTime } from '../../src/local/world-time.ts'
import { type ChannelDeps, openChannel, type PushChannel } from './channel.ts'
import { createDisk } from './disk.ts'
import type { Facts } from './expected.ts'
import type { ExpectedFates } from './expected-fates.ts'
import { type Faults, keyFaults } from './faults.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { type LetterStore, openLetterStore } from './letter-store.ts'
import { subscriptionOf } from './letter-topic.ts'
import { mixpanelFaults } from './mixpanel-faults.ts'
import { POISON } from './planned-event.ts'
import type { Random } from './random.ts'
import type { Stop } from './service.ts'
import { type Setting, variablesOf } from './setting.ts'
import type { Survival } from './survival.ts'

/** The service, and a Pub/Sub, a Mixpanel, a key server and dead letters that can all fail. */
export interface Scene extends AsyncDisposable {
  readonly mixpanel: MixpanelStandIn
  readonly fleet: Fleet
  readonly store: LetterStore
  /** All faults of this setting. */
  readonly faults: Faults
  /** Two topics whose messages have the same ids. One has most of the traffic. */
  readonly channels: readonly PushChannel[]
  readonly facts: Facts
  /** The time of Pub/Sub and of Mixpanel's quota. */
  readonly time: WorldTime
  nextMark(): string
  /** The number of pushes that wait for their answer. */
  held(): number
  /** The window of the subscription with most of the traffic. The other has too few to fill its. */
  window(): number
  /** The number of messages that are not acked. */
  backlog(): number
  /** Calls `watch` with the rows of each request, none if refused; returns how to stop. */
  watchRows(watch: (rows: readonly Row[]) => void): () => void
  /**
   * Mends the faults that make events explode or poison a batch. Resolves with the exit codes of
   * the replaced processes.
   */
  mend(): Promise<readonly Stop[]>
  /** Publishes the stored dead letters again, or a policy's messages; returns their number. */
  replay(): number
  /** The number of those messages that are not acked yet. */
  replaying(): number
  counts(): Survival['counts']
}

export interface SceneOptions {
  readonly fates: ExpectedFates
  readonly random: Random
  readonly setting: Setting
  /** The service's entry file; this checkout's when absent. */
  readonly main?: string | undefined
}

/**
 * The speed of Pub/Sub's time and of the quota's minute, as a multiple of real time. With it, the
 * ack deadline of the subscriptions is ten seconds of real time, as the service's is.
 */
export const SPEED = 60
const ACK_DEADLINE_SECONDS = 600
/** Pub/Sub's deadline is best effort: here it gives up, and pushes again, well before it. */
const HASTY_DEADLINE_SECONDS = 240
/** Early in a day: compaction works by the day, and brings less together at midnight. */
const WORLD_STARTS_AT = Date.UTC(2026, 0, 15, 1)
const MIXPANEL_TIMEOUT_SECONDS = 3
const KEPT_REQUESTS = 1_000
const TRANSFORM = join(import.meta.dirname, 'transform.mjs')

/** Starts the scene on loopback. Its disposal ends every process and removes every file. */
export async function startScene({ fates, random, setting, main }: SceneOptions): Promise<Scene> {
  await using starting = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-survival-'))
  starting.defer(() => rm(folder, { recursive: true, force: true }))
  const time = createWorldTime({ speed: SPEED, startAt: WORLD_STARTS_AT })
  const { store: rows, watchRows } = watchedStore()
  watchRows(fates.stored)
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
  const deps: Omit<ChannelDeps, 'ackDeadlineSeconds'> = {
    time,
    random,
    token: issuer.token,
    hasDeadLetterPolicy: setting.letters === 'subscription',
    fates,
    facts,
  }
  for (const form of ['wrapped', 'eventarc'] as const) {
    const ackDeadlineSeconds = form === 'wrapped' ? ACK_DEADLINE_SECONDS : HASTY_DEADLINE_SECONDS
    const channel = await openChannel(form, { ...deps, ackDeadlineSeconds })
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

  function mend(): Promise<readonly Stop[]> {
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

/** Creates a store of rows that reports each addition. */
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

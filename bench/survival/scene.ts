import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { neighbourVariables } from '../../src/cli/service-environment.ts'
import { createRowStore, type Row, type RowStore } from '../../src/local/mixpanel/row-store.ts'
import { type MixpanelStandIn, startMixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import { startTokenIssuer, type TokenIssuer } from '../../src/local/token-issuer.ts'
import { createWorldTime, type WorldTime } from '../../src/local/world-time.ts'
import type { Books, Facts } from './books.ts'
import { type ChannelParts, openChannel, type PushChannel } from './channel.ts'
import { createDisk, type Disk } from './disk.ts'
import { createLetterReader } from './letters.ts'
import { POISON } from './planned-event.ts'
import type { Random } from './random.ts'
import type { Survival } from './report.ts'
import { type RestartingService, startService } from './service.ts'

/** The service between a Pub/Sub, a Mixpanel, a key server and a disk that can all be made to fail. */
export interface Scene extends AsyncDisposable {
  readonly mixpanel: MixpanelStandIn
  readonly issuer: TokenIssuer
  readonly disk: Disk
  readonly service: RestartingService
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
  counts(): Survival['counts']
}

export interface SceneOptions {
  readonly books: Books
  readonly random: Random
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
export async function startScene({ books, random, main }: SceneOptions): Promise<Scene> {
  await using starting = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-survival-'))
  starting.defer(() => rm(folder, { recursive: true, force: true }))
  const deadLetters = join(folder, 'dead-letters')
  const disk = createDisk(join(folder, 'disk'))
  const time = createWorldTime({ speed: SPEED, startAt: WORLD_STARTS_AT })
  const { store, watchRows } = watchedStore()
  watchRows(books.stored)
  let hasIgnoredVerbs = false
  watchRows(() => {
    hasIgnoredVerbs ||= mixpanel.switches.values().identityVerbs === 'ignored'
  })
  const mixpanel = await startMixpanelStandIn({
    now: time.now,
    store,
    switches: { poison: POISON },
    keptRequests: KEPT_REQUESTS,
  })
  starting.defer(mixpanel.close)
  const issuer = await startTokenIssuer()
  starting.defer(issuer.close)

  const channels: PushChannel[] = []
  const service = await startService({
    env: {
      ...neighbourVariables({ mixpanel, issuer }),
      ...disk.env,
      PATH: process.env.PATH ?? '',
      MIXPANEL_TIMEOUT_SECONDS: String(MIXPANEL_TIMEOUT_SECONDS),
      TRANSFORM,
      DEAD_LETTER: `file:${deadLetters}`,
    },
    ...(main !== undefined && { main }),
    started: (url) => {
      for (const channel of channels) channel.setEndpoint(`${url}/push`)
    },
  })
  starting.defer(service.close)
  const letters = createLetterReader(deadLetters)
  const facts: Facts = {
    deduplicated: mixpanel.deduplicated,
    compacted: mixpanel.compacted,
    letters: allLetters,
    readNewLetters: letters.readNew,
    hasIgnoredVerbs: () => hasIgnoredVerbs,
  }
  const parts: Omit<ChannelParts, 'ackDeadlineSeconds'> = {
    time,
    random,
    token: issuer.token,
    endpoint: `${service.url()}/push`,
    books,
    facts,
  }
  for (const form of ['wrapped', 'eventarc'] as const) {
    const ackDeadlineSeconds = form === 'wrapped' ? ACK_DEADLINE_SECONDS : HASTY_DEADLINE_SECONDS
    const channel = await openChannel(form, { ...parts, ackDeadlineSeconds })
    starting.defer(channel.close)
    channels.push(channel)
  }
  const started = starting.move()
  let marks = 0

  return {
    mixpanel,
    issuer,
    disk,
    service,
    channels: [channels, channels.slice(0, 1), channels.slice(0, 1)].flat(),
    facts,
    time,
    nextMark: () => `m${marks++}`,
    held: () => sumOf(({ held }) => held()),
    window: () => channels[0]?.window() ?? 0,
    backlog: () => sumOf(({ backlog }) => backlog()),
    watchRows,
    counts,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }

  function allLetters() {
    letters.readNew()
    return letters.all()
  }

  function sumOf(amount: (channel: PushChannel) => number): number {
    return channels.reduce((sum, channel) => sum + amount(channel), 0)
  }

  function counts(): Survival['counts'] {
    return {
      rows: mixpanel.rows().length,
      deduplicated: mixpanel.deduplicated().length,
      deadLetters: new Set(allLetters().map(({ subscription, id }) => `${subscription} ${id}`))
        .size,
      pushes: sumOf(({ stats }) => stats().pushes),
      redeliveries: sumOf(({ stats }) => stats().redeliveries),
      duplicates: sumOf(({ stats }) => stats().duplicates),
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

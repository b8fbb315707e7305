import type { Config } from '../config/load-config.ts'
import { createFileSink } from '../dead-letter/file-sink.ts'
import { type LetterForm, PUBLISHED } from '../dead-letter/letter-form.ts'
import { createLetterTally } from '../dead-letter/letter-tally.ts'
import { probeInTime } from '../dead-letter/probe-in-time.ts'
import { accessToPubsub } from '../dead-letter/pubsub-access.ts'
import { createRedactedForm } from '../dead-letter/redacted-form.ts'
import { createRejectedStore, type RejectedStore } from '../dead-letter/store-rejected.ts'
import { createTopicClient } from '../dead-letter/topic-client.ts'
import { createTopicSink } from '../dead-letter/topic-sink.ts'
import type { Clock } from '../lib/clock.ts'
import type { Redaction } from '../model/redaction.ts'
import type { Telemetry } from '../model/telemetry.ts'
import type { Stages } from '../pipeline.ts'
import type { RejectedRoute } from '../settle/settlement-of.ts'

/** The store of rejected events. */
export interface DeadLetters extends RejectedStore {
  readonly rejectedRoute: RejectedRoute
  readonly tallyLetters: Stages['tallyLetters']
  /** Rejects when letters could not be stored, and says what to do. */
  probe(): Promise<void>
  close(): Promise<void>
}

interface DeadLettersDeps {
  readonly clock: Clock
  readonly telemetry: Pick<
    Telemetry,
    'deadLettersStored' | 'deadLettersNotStored' | 'deadLetterTopicUnproven'
  >
  /** The privacy section of the owner's mapping, if there is one. */
  readonly redaction: Redaction | undefined
  /** The time that a folder may take to show that it can be written; 4 s when absent. */
  readonly maxProbeMs?: number
}

type TopicTarget = Extract<Config['deadLetter'], { kind: 'pubsub' }>

/**
 * The default of `maxProbeMs`. A service that cannot store dead letters ends within five seconds of
 * its start.
 */
const MAX_PROBE_MS = 4_000
const FILE_BYTES = 64 * 1024 * 1024
const QUEUE_BYTES = 32 * 1024 * 1024

/** Builds the store that `DEAD_LETTER` names. */
export function createDeadLetters(
  { deadLetter, deadLetterOriginal }: Pick<Config, 'deadLetter' | 'deadLetterOriginal'>,
  deps: DeadLettersDeps,
): DeadLetters {
  if (deadLetter.kind === 'subscription') {
    return { rejectedRoute: 'to_subscription', ...NOTHING_TO_STORE }
  }
  const { probe, store, close } =
    deadLetter.kind === 'file'
      ? createFolder(deadLetter.folder, deps)
      : createTopic(deadLetter, deps)
  const form = formOf(deadLetterOriginal, deps.redaction)
  return {
    rejectedRoute: 'to_store',
    tallyLetters: (message, bytes) => createLetterTally(message, bytes, form.ofEvent),
    ...createRejectedStore({ ...deps, store, form }),
    probe,
    close,
  }
}

/** Returns the form of letters that `DEAD_LETTER_ORIGINAL` names. It matters with privacy only. */
function formOf(
  original: Config['deadLetterOriginal'],
  redaction: Redaction | undefined,
): LetterForm {
  if (redaction === undefined || original === 'keep') return PUBLISHED
  return createRedactedForm({ redaction, keepsUnparsed: original === 'auto' })
}

function createFolder(folder: string, deps: DeadLettersDeps) {
  const sink = createFileSink(
    { folder, maxFileBytes: FILE_BYTES, maxQueuedBytes: QUEUE_BYTES },
    deps,
  )
  const { clock, maxProbeMs: withinMs = MAX_PROBE_MS } = deps
  return { ...sink, probe: () => probeInTime({ probe: sink.probe, withinMs, clock }) }
}

function createTopic({ topic, emulatorHost }: TopicTarget, { clock, telemetry }: DeadLettersDeps) {
  const { credentials, ...place } = accessToPubsub(emulatorHost)
  const client = createTopicClient({ ...place, name: topic }, { clock, credentials })
  return createTopicSink(
    { emulated: emulatorHost !== undefined, maxQueuedBytes: QUEUE_BYTES },
    { client, unproven: telemetry.deadLetterTopicUnproven },
  )
}

/** A store that stores nothing: rejected events go back with their message. */
const NOTHING_TO_STORE = {
  tallyLetters: createLetterTally,
  storeRejected: async () => true,
  storeMany: async () => true,
  probe: async () => {},
  close: async () => {},
} as const

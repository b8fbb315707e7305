import type { Config } from '../../config/load-config.ts'
import { createLetterTally } from '../../dead-letter/letter-tally.ts'
import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import type { Clock } from '../../lib/clock.ts'
import { IMPORTED } from '../../model/outcome.ts'
import { createDeadLetters } from '../dead-letters.ts'
import { createDelivery, createDeliveryGate } from '../delivery.ts'
import {
  createRunLetter,
  type PathConfig,
  type ReplayEnd,
  type ReplayOptions,
  type RunDeps,
} from './run-letter.ts'

/** Says how the replay of a letter would end, if Mixpanel imports all events that it is sent. */
export type JudgeLetter = (letter: StoredLetter) => Promise<ReplayEnd>

export interface Replayer {
  /** Sends letters side by side. Resolves with the end of each, when all have one. */
  send(letters: readonly StoredLetter[]): Promise<readonly ReplayEnd[]>
  /** Lets nothing wait for a better moment any more. */
  drain(): void
  /** Resolves when all letters that failed again are on disk. */
  close(): Promise<void>
}

export interface ReplayerDeps {
  readonly clock: Clock
  /** Returns a number in [0, 1) for the jitter of the back-off. */
  readonly random: () => number
  /** Called when Mixpanel refused the credentials, the project or the region, with this status. */
  readonly refused: (status: number) => void
  /** Called when a letter that failed again could not be stored. */
  readonly notStored: (error: unknown) => void
}

/** The time that a letter has to be imported, while Mixpanel is slow or busy. */
const DELIVER_WITHIN_MS = 120_000

/** Makes a judge, which takes letters through the stages of the service and sends nothing. */
export function createJudge(
  config: PathConfig,
  options: ReplayOptions,
  { clock }: Pick<RunDeps, 'clock'>,
): JudgeLetter {
  const run = createRunLetter(config, options, {
    clock,
    stopped: () => {},
    importEvents: (events) => {
      for (const event of events) event.sink.report(event, IMPORTED)
    },
    deadLetters: {
      rejectedRoute: 'to_store',
      tallyLetters: createLetterTally,
      storeRejected: async () => true,
      storeMany: async () => true,
    },
  })
  return (letter) => run(letter, Number.POSITIVE_INFINITY)
}

/** Makes a replayer. It sends by the delivery of the service, and stores letters as it does. */
export function createReplayer(
  config: Config,
  options: ReplayOptions,
  { clock, random, refused, notStored }: ReplayerDeps,
): Replayer {
  const gate = createDeliveryGate(config, { clock, random })
  const delivery = createDelivery(config, {
    clock,
    random,
    gate,
    telemetry: { requestEnded: () => {}, shortfall: () => {}, suspected: () => {}, misconfigured },
  })
  const deadLetters = createDeadLetters(config, {
    clock,
    redaction: options.transform?.redaction,
    telemetry: {
      deadLettersStored: () => {},
      deadLettersNotStored: notStored,
      deadLetterTopicUnproven: () => {},
    },
  })
  const run = createRunLetter(config, options, {
    clock,
    stopped: delivery.review,
    importEvents: delivery.batcher.add,
    deadLetters,
  })

  return { send, drain: delivery.drain, close }

  async function send(letters: readonly StoredLetter[]): Promise<readonly ReplayEnd[]> {
    const deliverBy = clock.monotonic() + DELIVER_WITHIN_MS
    const cancel = clock.after(DELIVER_WITHIN_MS, delivery.review)
    try {
      return await Promise.all(letters.map((letter) => run(letter, deliverBy)))
    } finally {
      cancel()
    }
  }

  /** The credentials do not become right by waiting. */
  function misconfigured(status: number): void {
    refused(status)
    delivery.drain()
  }

  async function close(): Promise<void> {
    delivery.close()
    await deadLetters.close()
  }
}

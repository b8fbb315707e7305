import type { Logger } from 'pino'
import { createAtMostEvery } from '../lib/at-most-every.ts'
import type { Clock } from '../lib/clock.ts'
import type { Message } from '../model/message.ts'
import type { Settlement } from '../model/settlement.ts'
import type { RequestEnd, Telemetry } from '../model/telemetry.ts'
import type { Books } from './books.ts'
import type { Metrics } from './metrics.ts'

export interface TelemetryParts {
  readonly log: Logger
  readonly metrics: Metrics
  readonly books: Books
  readonly clock: Clock
}

const MINUTE_MS = 60_000

/**
 * Counts what happened and writes the log lines. What can happen on every push is written at most
 * once a minute, with the number of times; each single one is there at level debug.
 */
export function createTelemetry({ log, metrics, books, clock }: TelemetryParts): Telemetry {
  const occasion = createAtMostEvery(MINUTE_MS, clock)

  return {
    eventsReceived: books.receive,
    eventsSettled: books.settle,
    messageSettled,
    pushRefused,
    duplicatePush: () => metrics.duplicatePushes.inc(),
    requestEnded,
    deadLettersStored,
    deadLettersNotStored,
    deadLetterTopicUnproven,
    misconfigured,
    shortfall,
    suspected,
    keysNotFetched,
    unforeseen,
  }

  function messageSettled(message: Message, settlement: Settlement, elapsedMs: number): void {
    const { kind, reason } = settlement
    metrics.messagesSettled.inc({ settlement: kind, reason })
    if (reason === 'empty') metrics.emptyMessages.inc()
    if (reason === 'imported') observePublishToImport(message)
    const fields = { messageId: message.messageId, settlement: kind, reason, elapsedMs }
    if (kind === 'ack') log.debug(fields, 'message acked')
    else say('warn', `nack ${reason}`, fields, 'message nacked')
    if (settlement.status === 422 && message.deliveryAttempt === undefined) missPolicy()
    if (occasion('books') > 0) log.info(books.totals(), 'the books: events so far')
  }

  function observePublishToImport({ publishedAt }: Message): void {
    if (publishedAt === undefined) return
    metrics.publishToImport.observe(Math.max(0, clock.now() - publishedAt) / 1000)
  }

  function missPolicy(): void {
    say(
      'error',
      'no_policy',
      {},
      'DEAD_LETTER=subscription, but the subscription seems to have no dead-letter policy: ' +
        'a refused message comes again for ever. Add a policy, or set DEAD_LETTER to file:DIR or a topic',
    )
  }

  function pushRefused(code: string, detail: string): void {
    metrics.pushesRefused.inc({ code })
    say('warn', `refused ${code}`, { code }, `push refused: ${detail}`)
  }

  function requestEnded({ status, events, bytes, elapsedMs }: RequestEnd): void {
    metrics.requestSeconds.observe({ status }, elapsedMs / 1000)
    metrics.batchEvents.observe(events)
    metrics.batchBytes.observe(bytes)
    const fields = { status, events, bytes, elapsedMs }
    if (status === 200) log.debug(fields, 'Mixpanel answered a batch with 200')
    else say('warn', `request ${status}`, fields, 'Mixpanel did not import a whole batch')
  }

  function deadLettersStored(count: number, elapsedMs: number): void {
    metrics.deadLetterWrite.observe(elapsedMs / 1000)
    say('warn', 'dead_letters', { count }, 'rejected events stored as dead letters')
  }

  function deadLettersNotStored(err: unknown): void {
    const text = 'dead letters could not be stored: messages are nacked'
    say('error', 'dead_letters_not_stored', { err }, text)
  }

  function deadLetterTopicUnproven(err: unknown): void {
    const text =
      'Google could not be asked whether the topic of DEAD_LETTER may be published to: while it ' +
      'may not, messages with a rejected event are nacked'
    say('warn', 'dead_letter_topic_unproven', { err }, text)
  }

  function misconfigured(status: number): void {
    say(
      'error',
      'misconfigured',
      { status },
      'Mixpanel refuses the credentials, the project or the region: every message is nacked and ' +
        'comes again. Check MIXPANEL_PROJECT_TOKEN (or the service account) and MIXPANEL_REGION',
    )
  }

  function shortfall(events: number): void {
    metrics.shortfallEvents.inc(events)
    say(
      'warn',
      'shortfall',
      { events },
      'Mixpanel answered OK and imported fewer events than it was sent: a drop filter or $ignore?',
    )
  }

  function suspected(events: number): void {
    say(
      'error',
      'suspected',
      { events },
      'Mixpanel refuses every event without naming a fault: it may be its own, so messages are ' +
        'nacked and nothing is dead-lettered until an event is imported',
    )
  }

  function keysNotFetched(err: unknown): void {
    const text = 'the keys of PUSH_JWKS_URL could not be fetched'
    say('error', 'keys_not_fetched', { err }, text)
  }

  function unforeseen(err: unknown): void {
    say('error', 'unforeseen', { err }, 'a bug: the push was answered 500 and comes again')
  }

  /** `key` is what is said at most once a minute. */
  function say(level: 'warn' | 'error', key: string, fields: object, text: string): void {
    const times = occasion(key)
    if (times > 0) log[level]({ ...fields, times }, text)
    else log.debug(fields, text)
  }
}

import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import type { Message } from '../model/message.ts'
import { codeOf, type Nack, type Settlement } from '../model/settlement.ts'
import type { Rejections, RequestEnd, Telemetry } from '../model/telemetry.ts'
import { createAtMostEvery } from './at-most-every.ts'
import type { EventTotals } from './event-totals.ts'
import type { Metrics } from './metrics.ts'
import { createMinuteLine, type Minute } from './minute-line.ts'

export interface TelemetryDeps {
  readonly log: Logger
  readonly metrics: Metrics
  readonly eventTotals: EventTotals
  readonly clock: Clock
}

const MINUTE_MS = 60_000

/** The telemetry of a process, which ends with it. */
export interface ProcessTelemetry extends Telemetry {
  /** Writes the last line of the event totals. */
  close(): void
}

/**
 * Counts events and writes the log lines. A line that may occur on every push is written at most
 * once a minute, with the number of times. At level debug, each one is written.
 */
export function createTelemetry({
  log,
  metrics,
  eventTotals,
  clock,
}: TelemetryDeps): ProcessTelemetry {
  const countToReport = createAtMostEvery(MINUTE_MS, clock)
  /** The rejected events that were stored since the last line about them, by reason. */
  const storedReasons = new Map<string, number>()
  let storedTimes = 0
  const minuteLine = createMinuteLine({ eventTotals, clock, write: writeMinute })
  /** The requests to Mixpanel since the last minute line, by the label of their status. */
  const requests = new Map<string, number>()

  return {
    eventsReceived: eventTotals.receive,
    eventsSettled: eventTotals.settle,
    ruleApplied: metrics.countRule,
    messageSettled,
    pushRefused,
    noSuchRoute,
    duplicatePush: () => metrics.duplicatePushes.inc(),
    requestEnded,
    deadLettersStored,
    deadLettersNotStored,
    deadLetterTopicUnproven,
    misconfigured,
    shortfall,
    suspected,
    allRejected,
    keysNotFetched,
    unforeseen,
    close: minuteLine.close,
  }

  function writeMinute({ delta, totals, publishToImportMs }: Minute): void {
    if (storedTimes > 0) logStored()
    const fields = {
      event: 'minute',
      delta,
      ...totals,
      publishToImportMs,
      requests: Object.fromEntries(requests),
      rateLimitEventsPerSecond: Math.round(metrics.rateLimit()),
      bufferedBytes: metrics.bufferedBytes(),
    }
    requests.clear()
    log.info(fields, 'the events of the last minute, and in total')
  }

  function messageSettled(message: Message, settlement: Settlement, elapsedMs: number): void {
    const { kind, reason } = settlement
    minuteLine.noteTraffic()
    metrics.messagesSettled.inc({ settlement: kind, reason })
    if (reason === 'empty') metrics.emptyMessages.inc()
    if (reason === 'imported' && message.publishedAt !== undefined) {
      const ms = Math.max(0, clock.now() - message.publishedAt)
      metrics.publishToImport.observe(ms / 1000)
      minuteLine.noteImport(ms)
    }
    const fields = {
      event: 'settled',
      messageId: message.messageId,
      settlement: kind,
      reason,
      ms: Math.round(elapsedMs),
    }
    if (settlement.kind === 'ack') log.debug(fields, 'message acked')
    else logNack(settlement, fields)
    if (settlement.status === 422 && message.deliveryAttempt === undefined) logMissingPolicy()
  }

  /**
   * Logs a nack. The code is that of the answer, so that the line and the answer can be matched.
   */
  function logNack(settlement: Nack, fields: object): void {
    const { status } = settlement
    const code = codeOf(settlement)
    logOnceAMinute(
      'warn',
      `nack ${code}`,
      { ...fields, status, code },
      `message nacked: ${status} ${code}`,
    )
  }

  function logMissingPolicy(): void {
    logOnceAMinute(
      'error',
      'no_policy',
      {},
      'DEAD_LETTER=subscription, but the subscription seems to have no dead-letter policy: ' +
        'a refused message comes again for ever. Add a policy, or set DEAD_LETTER to file:DIR or a topic',
    )
  }

  function pushRefused(code: string, detail: string): void {
    metrics.pushesRefused.inc({ code })
    logOnceAMinute('warn', `refused ${code}`, { event: 'refused', code }, `push refused: ${detail}`)
  }

  function noSuchRoute(path: string | undefined): void {
    const code = 'NOT_FOUND'
    metrics.pushesRefused.inc({ code })
    if (path === undefined) return
    const text =
      'a request with a token has no route: the service takes pushes by POST on /push, /push/ and /. ' +
      'Correct the push endpoint of the subscription'
    logOnceAMinute('warn', `refused ${code}`, { code, path }, text)
  }

  function requestEnded(end: RequestEnd): void {
    const { elapsedMs, ...fields } = end
    const { status, events, bytes } = fields
    const label = status === 200 ? '200' : statusLabelOf(end)
    requests.set(label, (requests.get(label) ?? 0) + 1)
    metrics.requestSeconds.observe({ status: label }, elapsedMs / 1000)
    metrics.batchEvents.observe(events)
    metrics.batchBytes.observe(bytes)
    const line = { ...fields, ms: Math.round(elapsedMs) }
    if (status === 200) log.debug(line, 'Mixpanel answered a batch with status 200')
    else logOnceAMinute('warn', `request ${label}`, line, requestTextOf(end))
  }

  function deadLettersStored(stored: Rejections['reasons'], elapsedMs: number): void {
    metrics.deadLetterWrite.observe(elapsedMs / 1000)
    for (const [reason, count] of Object.entries(stored)) {
      storedReasons.set(reason, (storedReasons.get(reason) ?? 0) + count)
    }
    storedTimes += 1
    if (countToReport('dead_letters') > 0) logStored()
  }

  /** Logs all letters that were stored since the last line about them. */
  function logStored(): void {
    const counts = [...storedReasons].map(([reason, count]) => `${reason} ${count}`).join(', ')
    const reasons = Object.fromEntries(storedReasons)
    const count = [...storedReasons.values()].reduce((sum, one) => sum + one, 0)
    const fields = { event: 'dead_letters', count, reasons, times: storedTimes }
    storedReasons.clear()
    storedTimes = 0
    log.warn(fields, `rejected events stored as dead letters: ${counts}`)
  }

  function deadLettersNotStored(err: unknown): void {
    const text = 'dead letters could not be stored: messages are nacked'
    logOnceAMinute('error', 'dead_letters_not_stored', { err }, text)
  }

  function deadLetterTopicUnproven(err: unknown): void {
    const text =
      'Pub/Sub did not say whether the service may publish to the topic of DEAD_LETTER: if it may ' +
      'not, messages with a rejected event are nacked'
    logOnceAMinute('warn', 'dead_letter_topic_unproven', { err }, text)
  }

  function misconfigured(status: number): void {
    logOnceAMinute(
      'error',
      'misconfigured',
      { status },
      'Mixpanel refuses the credentials, the project or the region: every message is nacked and ' +
        'comes again. Check MIXPANEL_PROJECT_TOKEN (or the service account) and MIXPANEL_REGION',
    )
  }

  function shortfall(events: number): void {
    metrics.shortfallEvents.inc(events)
    logOnceAMinute(
      'warn',
      'shortfall',
      { events },
      'Mixpanel answered OK and imported fewer events than it was sent: a drop filter or $ignore?',
    )
  }

  function suspected(events: number): void {
    logOnceAMinute(
      'error',
      'suspected',
      { events },
      'Mixpanel refuses events without naming one: the fault may be its own, so their messages are ' +
        'nacked. An event that three deliveries refuse, with imports between, becomes a dead letter',
    )
  }

  function allRejected({ reasons, field }: Rejections): void {
    logOnceAMinute(
      'error',
      'all_rejected',
      { event: 'all_rejected', reasons, ...(field !== undefined && { field }) },
      'every event of the last messages was rejected: the transform may be broken, or the events ' +
        'of the topic have another shape. Such messages are nacked and come again until an event passes',
    )
  }

  function keysNotFetched(err: unknown): void {
    const text = 'the keys of PUSH_JWKS_URL could not be fetched'
    logOnceAMinute('error', 'keys_not_fetched', { err }, text)
  }

  function unforeseen(err: unknown): void {
    logOnceAMinute(
      'error',
      'unforeseen',
      { err },
      'a bug: the push was answered 500, and its message comes again',
    )
  }

  /** Logs a line at most once a minute for each `key`. */
  function logOnceAMinute(
    level: 'warn' | 'error',
    key: string,
    fields: object,
    text: string,
  ): void {
    const times = countToReport(key)
    if (times > 0) log[level]({ ...fields, times }, text)
    else log.debug(fields, text)
  }
}

/**
 * Returns a label from a closed set: the cause of an unreachable Mixpanel, or a status that has a
 * class in HTTP.
 */
function statusLabelOf({ status, cause }: RequestEnd): string {
  if (cause) return `${status}:${cause}`
  return typeof status === 'number' && status > 599 ? 'other' : `${status}`
}

function requestTextOf({ status, cause }: RequestEnd): string {
  if (typeof status === 'number') return `Mixpanel answered a batch with status ${status}`
  return cause ? `Mixpanel cannot be reached: ${cause}` : 'Mixpanel did not answer a batch in time'
}

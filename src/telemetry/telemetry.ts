import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import type { Message } from '../model/message.ts'
import { codeOf, type Nack, type Settlement } from '../model/settlement.ts'
import type { PushEnd, Refusal, Rejections, RequestEnd, Telemetry } from '../model/telemetry.ts'
import { createAtMostEvery } from './at-most-every.ts'
import type { EventTotals } from './event-totals.ts'
import { BUG } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { createMinuteLine, type Minute } from './minute-line.ts'
import { createPushLines } from './push-lines.ts'
import { createStateLines, type State } from './state-lines.ts'

export interface TelemetryDeps {
  readonly log: Logger
  readonly metrics: Metrics
  readonly eventTotals: EventTotals
  readonly clock: Clock
  /** Whether the service is in a state at this moment. */
  readonly isOn: (state: State) => boolean
  /** Returns the id of the Google Cloud project, once it is known. */
  readonly projectId: () => string | undefined
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
export function createTelemetry(deps: TelemetryDeps): ProcessTelemetry {
  const { log, metrics, eventTotals, clock } = deps
  const countToReport = createAtMostEvery(MINUTE_MS, clock)
  const states = createStateLines({ ...deps, countToReport })
  const writePushLine = createPushLines(deps)
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
    pushFailed,
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
    states.review()
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

  function messageSettled(message: Message, settlement: Settlement, end: PushEnd): void {
    const { kind, reason } = settlement
    minuteLine.noteTraffic()
    const answers = metrics.answers[kind]
    answers.set(reason, (answers.get(reason) ?? 0) + 1)
    if (reason === 'empty') metrics.emptyMessages.inc()
    if (reason === 'imported' && message.publishedAt !== undefined) {
      const ms = Math.max(0, clock.now() - message.publishedAt)
      metrics.publishToImport.observe(ms / 1000)
      minuteLine.noteImport(ms)
    }
    if (states.areAnyOn) states.review()
    if (settlement.kind === 'nack') logNack(message, settlement, end)
    if (settlement.status >= 500 || log.isLevelEnabled('debug')) {
      const { messageId, deliveryAttempt } = message
      const { status, events } = settlement
      const answer = { settlement: kind, status, reason, messageId, deliveryAttempt, events }
      writePushLine({ ...end, ...answer })
    }
  }

  /**
   * Logs a nack. The code is that of the answer, so that the line and the answer can be matched.
   */
  function logNack(message: Message, settlement: Nack, { elapsedMs }: PushEnd): void {
    const { messageId, deliveryAttempt } = message
    const { kind, reason, status } = settlement
    const code = codeOf(settlement)
    const ms = Math.round(elapsedMs)
    const fields = { event: 'settled', messageId, settlement: kind, reason, ms, status, code }
    logOnceAMinute('warn', `nack ${code}`, fields, `message nacked: ${status} ${code}`)
    if (status === 422 && deliveryAttempt === undefined) logMissingPolicy()
  }

  function logMissingPolicy(): void {
    logOnceAMinute(
      'error',
      'no_policy',
      { event: 'no_policy' },
      'DEAD_LETTER=subscription, but the subscription seems to have no dead-letter policy: ' +
        'a refused message comes again for ever. Add a policy, or set DEAD_LETTER to file:DIR or a topic',
    )
  }

  function pushRefused({ status, code, detail }: Refusal, end: PushEnd): void {
    metrics.pushesRefused.inc({ code })
    const fields = { event: 'refused', code }
    logOnceAMinute('warn', `refused ${code}`, fields, `push refused: ${detail}`)
    writePushLine({ ...end, status, reason: code.toLowerCase() })
  }

  function pushFailed(error: unknown, end: PushEnd): void {
    unforeseen(error)
    writePushLine({ ...end, status: 500, reason: 'unforeseen' })
  }

  function noSuchRoute(path: string | undefined): void {
    const code = 'NOT_FOUND'
    metrics.pushesRefused.inc({ code })
    if (path === undefined) return
    const text =
      'a request with a token has no route: the service takes pushes by POST on /push, /push/ and /. ' +
      'Correct the push endpoint of the subscription'
    logOnceAMinute('warn', `refused ${code}`, { event: 'refused', code, path }, text)
  }

  function requestEnded(end: RequestEnd): void {
    const { elapsedMs, ...fields } = end
    const { status, events, bytes } = fields
    const label = status === 200 ? '200' : statusLabelOf(end)
    requests.set(label, (requests.get(label) ?? 0) + 1)
    metrics.requestSeconds.observe({ status: label }, elapsedMs / 1000)
    metrics.batchEvents.observe(events)
    metrics.batchBytes.observe(bytes)
    if (status === 200 && !log.isLevelEnabled('debug')) return
    const line = { event: 'request', ...fields, ms: Math.round(elapsedMs) }
    if (status === 200) log.debug(line, requestTextOf(end))
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
    const fields = { event: 'dead_letters_not_stored', err }
    logOnceAMinute('error', 'dead_letters_not_stored', fields, text)
  }

  function deadLetterTopicUnproven(err: unknown): void {
    const text =
      'Pub/Sub did not say whether the service may publish to the topic of DEAD_LETTER: if it may ' +
      'not, messages with a rejected event are nacked'
    const fields = { event: 'dead_letter_topic_unproven', err }
    logOnceAMinute('warn', 'dead_letter_topic_unproven', fields, text)
  }

  function misconfigured(status: number): void {
    states.note(
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
      { event: 'shortfall', events },
      'Mixpanel answered OK and imported fewer events than it was sent: a drop filter or $ignore?',
    )
  }

  function suspected(events: number): void {
    states.note(
      'suspect',
      { events },
      'Mixpanel refuses events without naming one: the fault may be its own, so their messages are ' +
        'nacked. An event that three deliveries refuse, with imports between, becomes a dead letter',
    )
  }

  function allRejected({ reasons, field }: Rejections): void {
    states.note(
      'all_rejected',
      { reasons, field },
      'every event of the last messages was rejected: the transform may be broken, or the events ' +
        'of the topic have another shape. Such messages are nacked and come again until an event passes',
    )
  }

  function keysNotFetched(err: unknown): void {
    const text = 'the keys of PUSH_JWKS_URL could not be fetched'
    logOnceAMinute('error', 'keys_not_fetched', { event: 'keys_not_fetched', err }, text)
  }

  function unforeseen(err: unknown): void {
    logOnceAMinute(
      'error',
      'unforeseen',
      { ...BUG, err },
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

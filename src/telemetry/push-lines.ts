import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import type { PushEnd, PushRequest } from '../model/telemetry.ts'
import { traceOfRequest } from './trace-headers.ts'

export interface PushLineDeps {
  readonly log: Logger
  readonly clock: Pick<Clock, 'monotonic'>
  /** Returns the id of the Google Cloud project, once it is known. */
  readonly projectId: () => string | undefined
}

/** The answer to a push, and the message if the push was taken. */
export interface AnsweredPush extends PushEnd {
  readonly status: number
  /** The reason of the settlement, or of the refusal. */
  readonly reason: string
  readonly settlement?: 'ack' | 'nack'
  readonly messageId?: string
  readonly deliveryAttempt?: number | undefined
  readonly events?: number | undefined
}

/** Writes the line of a push, at level debug, or as a warning when the push ended in a 5xx. */
export type WritePushLine = (push: AnsweredPush) => void

const MINUTE_MS = 60_000
/** The most warnings of pushes in a minute. An outage has one at each push. */
const WARNINGS_A_MINUTE = 10

/**
 * Makes the writer of the lines of pushes. A warning has the number of warnings that were
 * suppressed since the last one.
 */
export function createPushLines({ log, clock, projectId }: PushLineDeps): WritePushLine {
  let minuteEndsAt = Number.NEGATIVE_INFINITY
  let warnings = 0
  let suppressed = 0

  return function writePushLine(push) {
    if (push.status < 500) debug(push)
    else if (mayWarn()) warn(push)
    else suppress(push)
  }

  function mayWarn(): boolean {
    const now = clock.monotonic()
    if (now >= minuteEndsAt) {
      minuteEndsAt = now + MINUTE_MS
      warnings = 0
    }
    return warnings < WARNINGS_A_MINUTE
  }

  function warn(push: AnsweredPush): void {
    warnings += 1
    log.warn({ ...fieldsOf(push), suppressed }, textOf(push))
    suppressed = 0
  }

  function suppress(push: AnsweredPush): void {
    suppressed += 1
    debug(push)
  }

  /** A stranger may be refused again and again: no fields are made for a line that is not written. */
  function debug(push: AnsweredPush): void {
    if (log.isLevelEnabled('debug')) log.debug(fieldsOf(push), textOf(push))
  }

  function fieldsOf({ request, elapsedMs, ...answer }: AnsweredPush): object {
    const { status, messageId, deliveryAttempt, settlement, reason, events } = answer
    return {
      event: 'push',
      messageId,
      deliveryAttempt,
      settlement,
      reason,
      events,
      ms: Math.round(elapsedMs),
      httpRequest: httpRequestOf(request, status, elapsedMs),
      ...traceFieldsOf(request, projectId()),
    }
  }
}

/** Returns Cloud Logging's HttpRequest: its sizes are texts, its durations end in `s`. */
function httpRequestOf({ method, url, headers }: PushRequest, status: number, elapsedMs: number) {
  const { 'content-length': length } = headers
  const [path] = url.split(/[?#;]/, 1)
  return {
    requestMethod: method,
    requestUrl: path,
    status,
    requestSize: typeof length === 'string' && /^\d{1,15}$/.test(length) ? length : undefined,
    latency: `${(elapsedMs / 1_000).toFixed(6)}s`,
  }
}

/** Returns the fields by which Cloud Logging puts a line beside the spans of its trace. */
function traceFieldsOf(request: PushRequest, projectId: string | undefined): object {
  const trace = traceOfRequest(request)
  if (trace === undefined) return {}
  const { traceId, spanId, isSampled } = trace
  return {
    'logging.googleapis.com/trace':
      projectId === undefined ? traceId : `projects/${projectId}/traces/${traceId}`,
    'logging.googleapis.com/spanId': spanId,
    'logging.googleapis.com/trace_sampled': isSampled,
  }
}

function textOf({ settlement, status, reason }: AnsweredPush): string {
  if (settlement === 'ack') return 'push acked'
  const how = settlement === 'nack' ? 'nacked' : 'refused'
  return `push ${how}: ${status} ${reason.toUpperCase()}`
}

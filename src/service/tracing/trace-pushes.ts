import {
  type Context,
  createTraceState,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Settle } from '../../http/push-route.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Message } from '../../model/message.ts'
import type { Settlement } from '../../model/settlement.ts'
import type { PushRequest } from '../../model/telemetry.ts'
import type { TraceContext } from '../../model/trace-context.ts'
import { parseTraceparent, traceOfRequest } from '../../telemetry/trace-headers.ts'
import { timesFrom } from './span-times.ts'

/** The attributes by which Pub/Sub's client libraries pass the publisher's span on (observed). */
const TRACEPARENT = 'googclient_traceparent'
const TRACESTATE = 'googclient_tracestate'

/**
 * Makes a `Settle` with a span for each push. Its parent is the publisher's span, and it is linked to the
 * span of the HTTP request. It ends with the answer, although batches of the message may go on.
 */
export function tracePushes(settle: Settle, tracer: Tracer, clock: Clock): Settle {
  return function settleTraced(message, answerBy, request) {
    const times = timesFrom(clock, request.headersAt)
    const links = linksTo(request)
    const options = { kind: SpanKind.CONSUMER, startTime: times.startTime, links }
    const attributes = attributesOf(message)
    const span = tracer.startSpan('push', { ...options, attributes }, parentOf(message))
    const settling = settle({ ...message, spanContext: span.spanContext() }, answerBy, request)
    settling.then(
      (settlement) => {
        span.setAttributes(answerOf(settlement))
        if (settlement.kind === 'nack') span.setStatus({ code: SpanStatusCode.ERROR })
        span.end(times.endTime())
      },
      () => {
        span.setAttributes({ 'http.response.status_code': 500, 'error.type': 'unforeseen' })
        span.setStatus({ code: SpanStatusCode.ERROR })
        span.end(times.endTime())
      },
    )
    return settling
  }
}

/**
 * The names of the semantic conventions
 * (https://opentelemetry.io/docs/specs/semconv/messaging/gcp-pubsub). The ordering key is left out:
 * it may be the id of a person.
 */
function attributesOf({ messageId, subscription, deliveryAttempt }: Message) {
  return {
    'messaging.system': 'gcp_pubsub',
    'messaging.operation.name': 'push',
    'messaging.operation.type': 'process',
    'messaging.message.id': messageId,
    'messaging.destination.subscription.name': subscription,
    'messaging.gcp_pubsub.message.delivery_attempt': deliveryAttempt,
  }
}

function answerOf({ kind, reason, status, events }: Settlement) {
  return {
    'pubsub_mixpanel.settlement': kind,
    'pubsub_mixpanel.reason': reason,
    'pubsub_mixpanel.events': events,
    'http.response.status_code': status,
    ...(kind === 'nack' && { 'error.type': reason }),
  }
}

function parentOf({ attributes }: Message): Context {
  const parent = parseTraceparent(attributes[TRACEPARENT])
  const state = attributes[TRACESTATE]
  if (parent === undefined) return ROOT_CONTEXT
  const traceState = state === undefined ? {} : { traceState: createTraceState(state) }
  return trace.setSpanContext(ROOT_CONTEXT, { ...spanContextOf(parent), ...traceState })
}

function linksTo(request: PushRequest): Link[] {
  const caller = traceOfRequest(request)
  return caller?.spanId === undefined ? [] : [{ context: spanContextOf(caller) }]
}

function spanContextOf({ traceId, spanId = '', isSampled }: TraceContext): SpanContext {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return { traceId, spanId, traceFlags, isRemote: true }
}

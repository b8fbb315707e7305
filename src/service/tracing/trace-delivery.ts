import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ImportAnswer } from '../../deliver/answer.ts'
import type { AttemptPolicy, MixpanelClient } from '../../deliver/mixpanel-client.ts'
import type { Clock } from '../../lib/clock.ts'
import type { PendingEvent } from '../../model/pending-event.ts'
import { timesFrom } from './span-times.ts'

type DeliverBatch = (batch: readonly PendingEvent[]) => Promise<void>

/** The spans of the way to Mixpanel. */
export interface DeliveryTraces {
  /** Adds a span to each batch, linked to its pushes. */
  traceBatches(deliverBatch: DeliverBatch): DeliverBatch
  /** Adds a span to each attempt, as a child of the batch that it is made for. */
  traceImports(client: MixpanelClient, baseUrl: string): MixpanelClient
}

/** The most links of a batch. A batch holds the events of up to 2,000 pushes. */
const MOST_LINKS = 32

export function createDeliveryTraces(tracer: Tracer, clock: Clock): DeliveryTraces {
  const batches = new AsyncLocalStorage<Context>()
  return { traceBatches, traceImports }

  function traceBatches(deliverBatch: DeliverBatch): DeliverBatch {
    return async function deliverTraced(batch) {
      const times = timesFrom(clock)
      const attributes = { 'pubsub_mixpanel.events': batch.length }
      const links = linksTo(batch)
      const options = { root: true, startTime: times.startTime, links, attributes }
      const span = tracer.startSpan('batch', options, ROOT_CONTEXT)
      try {
        await batches.run(trace.setSpan(ROOT_CONTEXT, span), () => deliverBatch(batch))
      } finally {
        span.end(times.endTime())
      }
    }
  }

  function traceImports({ send, close }: MixpanelClient, baseUrl: string): MixpanelClient {
    const { hostname } = new URL(baseUrl)
    return {
      async send(body, policy) {
        const { abandon, ...attempts } = traced(policy)
        try {
          return await send(body, attempts)
        } finally {
          abandon()
        }
      },
      close,
    }

    function traced(policy: AttemptPolicy): AttemptPolicy & { abandon(): void } {
      const parent = batches.getStore() ?? ROOT_CONTEXT
      let attempt = begin(0)
      return {
        events: policy.events,
        onAnswer(answer) {
          const isAnotherWanted = policy.onAnswer(answer)
          attempt.end(answer, policy.verdict)
          return isAnotherWanted
        },
        /** Ends the span of an attempt that a bug has left without an answer. */
        abandon: () => attempt.abandon(),
        async nextAttempt(failed, answer) {
          const isTime = await policy.nextAttempt(failed, answer)
          if (isTime) attempt = begin(failed)
          return isTime
        },
      }

      function begin(failed: number) {
        const times = timesFrom(clock)
        const attributes = {
          'http.request.method': 'POST',
          'server.address': hostname,
          'pubsub_mixpanel.events': policy.events,
          ...(failed > 0 && { 'http.request.resend_count': failed }),
        }
        const options = { kind: SpanKind.CLIENT, startTime: times.startTime, attributes }
        const span = tracer.startSpan('mixpanel import', options, parent)
        return {
          end(answer: ImportAnswer, verdict: Verdict) {
            describe(span, answer, verdict)
            span.end(times.endTime())
          },
          abandon() {
            if (span.isRecording()) span.end(times.endTime())
          },
        }
      }
    }
  }
}

type Verdict = AttemptPolicy['verdict']

function describe(span: Span, answer: ImportAnswer, verdict: Verdict): void {
  if (verdict) span.setAttribute('pubsub_mixpanel.verdict', verdict.kind)
  if (verdict?.reason) span.setAttribute('pubsub_mixpanel.reason', verdict.reason)
  if (answer.kind === 'answered') {
    span.setAttribute('http.response.status_code', answer.status)
    if (answer.status >= 400) fail(span, String(answer.status))
  } else fail(span, 'cause' in answer ? `${answer.reason}:${answer.cause}` : answer.reason)
}

/** Marks a span as failed. The error types are a closed set. */
function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function linksTo(batch: readonly PendingEvent[]): Link[] {
  const messages = new Set<PendingEvent['sink']['message']>()
  for (const { sink } of batch) {
    if (messages.size === MOST_LINKS) break
    messages.add(sink.message)
  }
  return [...messages].flatMap((message) =>
    message?.spanContext === undefined ? [] : [{ context: message.spanContext }],
  )
}

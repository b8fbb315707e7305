import { ROOT_CONTEXT, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { RejectedStore } from '../../dead-letter/store-rejected.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Message } from '../../model/message.ts'
import { timesFrom } from './span-times.ts'

/**
 * Makes a store with a span for each message that has rejected events, as a child of the message's
 * push. `kind` names the store.
 */
export function traceLetters(
  { storeRejected, storeMany }: RejectedStore,
  {
    tracer,
    kind,
    clock,
  }: { readonly tracer: Tracer; readonly kind: string; readonly clock: Clock },
): RejectedStore {
  return {
    storeRejected: (message, events, isTimeToStore) => {
      const reasons = events.map(({ outcome }) => outcome.reason)
      return traced(message, { events: events.length, reasons }, () =>
        storeRejected(message, events, isTimeToStore),
      )
    },
    storeMany: (message, many, decoded) => {
      const reasons = Object.keys(many.reasons)
      return traced(message, { events: many.events, reasons }, () =>
        storeMany(message, many, decoded),
      )
    },
  }

  async function traced(
    message: Message,
    { events, reasons }: { readonly events: number; readonly reasons: readonly string[] },
    store: () => Promise<boolean>,
  ): Promise<boolean> {
    const times = timesFrom(clock)
    const attributes = {
      'pubsub_mixpanel.events': events,
      'pubsub_mixpanel.reasons': [...new Set(reasons)].sort(),
      'pubsub_mixpanel.store': kind,
    }
    const options = { startTime: times.startTime, attributes }
    const parent = message.spanContext
      ? trace.setSpanContext(ROOT_CONTEXT, message.spanContext)
      : ROOT_CONTEXT
    const span = tracer.startSpan('dead letters', options, parent)
    const isStored = await store()
    if (!isStored) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(times.endTime())
    return isStored
  }
}

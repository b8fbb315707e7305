import type { RejectedStore } from '../../dead-letter/store-rejected.ts'
import type { Settle } from '../../http/push-route.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Tracing } from './find-tracing.ts'
import { createDeliveryTraces, type DeliveryTraces } from './trace-delivery.ts'
import { traceLetters } from './trace-letters.ts'
import { tracePushes } from './trace-pushes.ts'

/**
 * The spans of the service. Each function wraps a part that is whole without it. No span holds the
 * name of an event, the id of a person or the value of an attribute.
 */
export interface Traces extends DeliveryTraces {
  tracePushes(settle: Settle): Settle
  /** Wraps the parts of a store that take letters, and leaves the others as they are. */
  traceLetters<Store extends RejectedStore>(store: Store, kind: string): Store
  /** Exports the spans that have ended. It never rejects: the collector may be down. */
  flush(): Promise<void>
}

export function createTraces({ tracer, flush }: Tracing, clock: Clock): Traces {
  return {
    ...createDeliveryTraces(tracer, clock),
    tracePushes: (settle) => tracePushes(settle, tracer, clock),
    traceLetters: (store, kind) => ({ ...store, ...traceLetters(store, { tracer, kind, clock }) }),
    // The SDK reports a failed export by itself.
    flush: () => flush().catch(() => {}),
  }
}

import { ProxyTracerProvider, type Tracer, trace } from '@opentelemetry/api'
import { VERSION } from '../../version.ts'

/** The SDK that the owner has registered with `--import`. */
export interface Tracing {
  readonly tracer: Tracer
  /** Exports the spans that have ended. It may reject, and take long: the collector may be down. */
  readonly flush: () => Promise<void>
}

const NAME = 'pubsub-mixpanel'

/**
 * Returns the tracing of this process; `undefined` when no SDK is registered. Spans without an SDK
 * would be cheap; a service that makes none runs nothing at all for them.
 */
export function findTracing(): Tracing | undefined {
  const provider = trace.getTracerProvider()
  // Until an SDK is registered, the API gives out its own proxy, which has no delegate.
  const isProxy = provider instanceof ProxyTracerProvider
  if (isProxy && provider.getDelegateTracer(NAME) === undefined) return undefined
  return { tracer: provider.getTracer(NAME, VERSION), flush: () => flushed(provider) }
}

/** The API has no flush, and the bundle's API is another copy than the SDK's. */
async function flushed(provider: object): Promise<void> {
  const sdk: unknown =
    'getDelegate' in provider && typeof provider.getDelegate === 'function'
      ? provider.getDelegate()
      : provider
  if (typeof sdk !== 'object' || sdk === null) return
  if ('forceFlush' in sdk && typeof sdk.forceFlush === 'function') await sdk.forceFlush()
}

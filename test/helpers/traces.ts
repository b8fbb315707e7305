import { type Link, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Tracing } from '../../src/service/tracing/find-tracing.ts'
import { noteWritten } from './log-lines.ts'

/** The tracing SDK with an exporter that keeps the spans in memory. */
export interface Traced {
  readonly tracing: Tracing
  /** Exports the spans that have ended, and returns all. No span may hold a word of a payload. */
  spans(): Promise<readonly ReadableSpan[]>
  /** The spans that were exported so far. */
  exported(): readonly ReadableSpan[]
}

/** A span and those below it, as far as a test reads them. */
export interface SpanTree {
  readonly name: string
  readonly kind: string
  readonly failed: boolean
  readonly attributes: ReadableSpan['attributes']
  readonly children: readonly SpanTree[]
}

/** Makes an SDK of its own for one test. It samples what its caller did not sample, too. */
export function createTraced(): Traced {
  const exporter = new InMemorySpanExporter()
  // A test exports by itself, never after a time.
  const scheduledDelayMillis = 2 ** 31 - 1
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis })],
  })
  const tracer = provider.getTracer('test')
  const flush = (): Promise<void> => provider.forceFlush()
  return { tracing: { tracer, flush }, spans, exported: () => exporter.getFinishedSpans() }

  async function spans(): Promise<readonly ReadableSpan[]> {
    await flush()
    const finished = exporter.getFinishedSpans()
    noteWritten(JSON.stringify(finished.map(textOf)))
    return finished
  }
}

/** The trees of these spans, by their parents; a span whose parent is not among them is a root. */
export function treesOf(spans: readonly ReadableSpan[]): readonly SpanTree[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId))
  const inOrder = spans.toSorted((a, b) => startOf(a) - startOf(b))
  return inOrder
    .filter(({ parentSpanContext: parent }) => !parent || !ids.has(parent.spanId))
    .map(grow)

  function grow(span: ReadableSpan): SpanTree {
    const { spanId } = span.spanContext()
    const children = inOrder.filter(({ parentSpanContext: parent }) => parent?.spanId === spanId)
    return {
      name: span.name,
      kind: SpanKind[span.kind],
      failed: span.status.code === SpanStatusCode.ERROR,
      attributes: span.attributes,
      children: children.map(grow),
    }
  }
}

/** The ids of the spans that a span is linked to. */
export function linkedIn({ links }: { readonly links: readonly Link[] }): readonly string[] {
  return links.map(({ context }) => context.spanId)
}

function startOf({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1e9 + nanoseconds
}

/** The parts of a span that are exported, but the ids, the times and the name of the subscription. */
function textOf({ name, attributes, events, links, status }: ReadableSpan): unknown {
  const { 'messaging.destination.subscription.name': _, ...others } = attributes
  return { name, attributes: others, events, links: links.map((link) => link.attributes), status }
}

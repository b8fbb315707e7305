// Registers OpenTelemetry's SDK before the service starts, so that the service makes spans:
//
//   NODE_OPTIONS=--import=/app/tracing.mjs OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
//
// docs/tracing.md has the packages that this file needs, and the spans.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

const { OTEL_SERVICE_NAME, K_SERVICE, OTEL_TRACES_SAMPLER_ARG = '1' } = process.env
const name = OTEL_SERVICE_NAME ?? K_SERVICE ?? 'pubsub-mixpanel'

trace.setGlobalTracerProvider(
  new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': name })),
    // A publisher that samples its span decides for the push; this share decides for the rest.
    sampler: new ParentBasedSampler({
      root: new TraceIdRatioBasedSampler(Number(OTEL_TRACES_SAMPLER_ARG)),
    }),
    // An exporter alone, without the braces, would be accepted, and nothing would be exported.
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  }),
)

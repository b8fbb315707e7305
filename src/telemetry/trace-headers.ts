import type { PushRequest } from '../model/telemetry.ts'
import type { TraceContext } from '../model/trace-context.ts'

/** Version, trace id, span id, flags (https://www.w3.org/TR/trace-context/#traceparent-header). */
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/
/** `TRACE_ID/SPAN_ID;o=OPTIONS` (https://cloud.google.com/trace/docs/trace-context). */
const CLOUD_TRACE_CONTEXT = /^([\da-f]{32})(?:\/(\d{1,20}))?(?:;o=(\d))?$/i
const NO_ID = /^0*$/
const SAMPLED = 1
/** The least number that is no span id: an id has eight bytes. */
const SPAN_IDS = 2n ** 64n

/** Returns the trace of a request, by `traceparent` or else by `X-Cloud-Trace-Context`. */
export function traceOfRequest({
  headers,
}: Pick<PushRequest, 'headers'>): TraceContext | undefined {
  return (
    parseTraceparent(headers.traceparent) ??
    parseCloudTraceContext(headers['x-cloud-trace-context'])
  )
}

/** Returns the context that a `traceparent` names; `undefined` when it is not a good one. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string') return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(text) ?? []
  if (NO_ID.test(traceId) || NO_ID.test(spanId)) return undefined
  // Version 00 ends here; a later one may add fields; ff is forbidden.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** Its span id is a decimal number. */
function parseCloudTraceContext(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string') return undefined
  const [, traceId = '', decimal = '0', options = '0'] = CLOUD_TRACE_CONTEXT.exec(text) ?? []
  if (NO_ID.test(traceId)) return undefined
  const number = BigInt(decimal)
  const spanId = number.toString(16).padStart(16, '0')
  const isSampled = options === '1'
  if (number === 0n || number >= SPAN_IDS) return { traceId: traceId.toLowerCase(), isSampled }
  return { traceId: traceId.toLowerCase(), spanId, isSampled }
}

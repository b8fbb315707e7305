/** The place in a trace that a caller names in a header or an attribute. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits; absent when the caller named no span. */
  readonly spanId?: string
  readonly isSampled: boolean
}

/**
 * Returns the wait that a `Retry-After` header asks for, in ms: delta-seconds or an HTTP date (RFC
 * 9110, 10.2.3). It is `undefined` when there is none or it cannot be read, and never negative.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Every HTTP date begins with its weekday. `Date.parse` accepts -5 and 1.5 as dates, too.
  const at = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

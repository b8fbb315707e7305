import { isObject } from '../../lib/json/is-object.ts'

/** The settlement of a message, as the service logs it at level debug. */
export interface Settled {
  readonly kind: 'settled'
  readonly messageId: string
  /** `imported`, `dead_lettered`, `dropped` or `empty` for an ack; else why it comes again. */
  readonly reason: string
}

/** Reads a line of the service's log; `undefined` when it tells of no settled message. */
export function settledIn(line: string): Settled | undefined {
  // Most lines are about something else, and a look at the text costs less than to parse it.
  if (!line.includes('"settlement"')) return undefined
  const entry = parse(line)
  if (!isObject(entry)) return undefined
  const { messageId, reason } = entry
  if (typeof messageId !== 'string' || typeof reason !== 'string') return undefined
  return { kind: 'settled', messageId, reason }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

import { momentOf } from '../lib/moment.ts'
import { type Rejected, rejected } from '../model/outcome.ts'

/**
 * The time of an event, in epoch ms: the one in its text, or one to be set there. `ownMs` is the
 * event's own time, absent when it has none.
 */
export type EventTime = Readonly<{ kind: 'kept' | 'set'; ms: number; ownMs?: number }>

const HOUR_MS = 3_600_000
/**
 * The earliest time that Mixpanel accepts (https://developer.mixpanel.com/reference/import-events).
 */
const EARLIEST_MS = Date.UTC(1971, 0, 1)
/** The last instant that a Date can hold. */
const LATEST_MS = 8.64e15
/**
 * Returns the time of an event with the time `own`, in a message published at `publishedAt`. A time
 * up to an hour after the publish time becomes the publish time. Mixpanel would set it to its own
 * current time, which differs at each attempt.
 */
export function eventTimeOf(own: unknown, publishedAt: number | undefined): EventTime | Rejected {
  if (own === undefined || own === null) return publishTime(publishedAt)
  const ms = momentOf(own)
  if (ms === undefined) return invalid('is neither an epoch in seconds or ms nor ISO 8601')
  if (ms > LATEST_MS) return invalid('is beyond the calendar')
  if (publishedAt === undefined || ms <= publishedAt) {
    return checked({ kind: Number.isInteger(own) ? 'kept' : 'set', ms, ownMs: ms })
  }
  if (ms <= publishedAt + HOUR_MS) return checked({ kind: 'set', ms: publishedAt, ownMs: ms })
  return invalid('is more than an hour after the message was published')
}

function publishTime(publishedAt: number | undefined): EventTime | Rejected {
  if (publishedAt !== undefined) return checked({ kind: 'set', ms: publishedAt })
  return invalid('is missing, and the message has no publish time to take its place')
}

function checked(time: EventTime): EventTime | Rejected {
  return time.ms < EARLIEST_MS ? invalid('is before 1971') : time
}

function invalid(fault: string): Rejected {
  return rejected('invalid_event', `the time ${fault}`, 'properties.time')
}

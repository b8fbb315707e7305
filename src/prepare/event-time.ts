import { type Rejected, rejected } from '../model/outcome.ts'
import { momentOf } from './moment.ts'

/**
 * The moment an event gets, in epoch ms: the one in its text, or one to be set there. `ownMs` is the
 * moment that it gives itself, absent when it gives none.
 */
export type EventTime = Readonly<{ kind: 'kept' | 'set'; ms: number; ownMs?: number }>

const HOUR_MS = 3_600_000
/** Mixpanel takes nothing earlier (https://developer.mixpanel.com/reference/import-events). */
const EARLIEST_MS = Date.UTC(1971, 0, 1)
/** The last moment a Date can name: there is no calendar for a number beyond. */
const LATEST_MS = 8.64e15

/**
 * The time of an event that gives its own as `own`, in a message published at `publishedAt`. A
 * clock that is up to an hour fast is put back to the publish time, for Mixpanel would put it back
 * to its own now: a different one at each attempt.
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

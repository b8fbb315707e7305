import { isCalendarDay } from '../lib/calendar.ts'
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
 * The number below which a time is in seconds. As ms it would lie before March 1973, as seconds it
 * reaches the year 5138.
 */
const SECONDS_BELOW = 1e11

const NUMERIC = /^-?\d+(\.\d+)?$/
/**
 * ISO 8601 in its common forms: a day alone, a space for the T, no seconds, any fraction, any zone.
 */
const ISO_8601 =
  /^(?<day>\d{4}-\d\d-\d\d)(?:[T ](?<minute>\d\d:\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?(?: ?(?<zone>Z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/i

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

/**
 * Reads a `time` as epoch ms, a whole number; `undefined` when it cannot be read. Numbers, bare or
 * in a string, are seconds or ms, told apart by their size. A date without zone is UTC.
 */
export function momentOf(time: unknown): number | undefined {
  if (typeof time === 'number') return momentOfNumber(time)
  if (typeof time !== 'string') return undefined
  return NUMERIC.test(time) ? momentOfNumber(Number(time)) : momentOfIso(time)
}

function momentOfNumber(epoch: number): number | undefined {
  if (!Number.isFinite(epoch)) return undefined
  return Math.round(Math.abs(epoch) < SECONDS_BELOW ? epoch * 1000 : epoch)
}

/**
 * Reads ISO 8601. Date.parse alone takes a time without zone for local time, and refuses some
 * common forms.
 */
function momentOfIso(text: string): number | undefined {
  const parts = ISO_8601.exec(text)?.groups
  if (parts === undefined) return undefined
  const { day = '', minute = '00:00', second = '00', fraction = '', zone = 'Z' } = parts
  const ms = fraction.slice(0, 3).padEnd(3, '0')
  const moment = Date.parse(`${day}T${minute}:${second}.${ms}${offsetOf(zone)}`)
  return Number.isNaN(moment) || !isCalendarDay(day) ? undefined : moment
}

function offsetOf(zone: string): string {
  if (/^[zu]/i.test(zone)) return 'Z'
  const minutes = zone.length > 3 ? zone.slice(-2) : '00'
  return `${zone.slice(0, 3)}:${minutes}`
}

import { parse } from '@marcbachmann/cel-js'
import { Duration } from '@marcbachmann/cel-js/evaluator'
import { momentOf } from '../../../../lib/moment.ts'
import type { Site } from '../expression-error.ts'
import { type At, spend } from '../part.ts'
import { binary, type CelFunction, type Read, text, unary, unexpected } from './function.ts'
import { createZones } from './zones.ts'

/** The length of the longest text that is read as a time or a duration. */
const LONGEST = 64
/** The work of reading a time or a duration. */
const READING = 500
/** The work of a time in another zone. */
const ZONING = 50_000

const DAY_MS = 86_400_000

const readDuration = parse('duration(text)')
const offsetMs = createZones()

const time: Read<Date> = (value, site) => {
  if (value instanceof Date) return value
  throw unexpected(value, 'a time', site)
}

const span: Read<Date | Duration> = (value, site) =>
  value instanceof Duration ? value : time(value, site)

export const TIME_FUNCTIONS: Readonly<Record<string, readonly CelFunction[]>> = {
  timestamp: [unary(moment, (at, place) => new Date(reading(at, place)))],
  epoch_ms: [unary(moment, (at, place) => BigInt(reading(at, place)))],
  duration: [unary(duration, reading)],
  getFullYear: partOfTime((at) => at.getUTCFullYear()),
  getMonth: partOfTime((at) => at.getUTCMonth()),
  getDate: partOfTime((at) => at.getUTCDate()),
  getDayOfMonth: partOfTime((at) => at.getUTCDate() - 1),
  getDayOfWeek: partOfTime((at) => at.getUTCDay()),
  getDayOfYear: partOfTime(dayOfYear),
  getHours: partOfSpan(
    (at) => at.getUTCHours(),
    (it) => it.getHours(),
  ),
  getMinutes: partOfSpan(
    (at) => at.getUTCMinutes(),
    (it) => it.getMinutes(),
  ),
  getSeconds: partOfSpan(
    (at) => at.getUTCSeconds(),
    (it) => it.getSeconds(),
  ),
  getMilliseconds: partOfSpan(
    (at) => at.getUTCMilliseconds(),
    (it) => it.getMilliseconds(),
  ),
}

/** Counts the work of reading a time or a duration. */
function reading<T>(value: T, { frame, site }: At): T {
  spend(frame, READING, site)
  return value
}

/** Reads a time as epoch ms: a time of CEL, or seconds, ms or ISO 8601, as `time` is read. */
function moment(value: unknown, site: Site): number {
  if (value instanceof Date) return value.getTime()
  const given = typeof value === 'bigint' ? Number(value) : value
  if (typeof given !== 'number' && typeof given !== 'string')
    throw unexpected(value, 'a time', site)
  const at = typeof given === 'string' && given.length > LONGEST ? undefined : momentOf(given)
  if (at === undefined || Math.abs(at) > 8.64e15) throw site.error('this is not a time')
  return at
}

function duration(value: unknown, site: Site): Duration {
  if (value instanceof Duration) return value
  const given = text(value, site)
  const read = given.length > LONGEST ? undefined : durationOf(given)
  if (read === undefined) throw site.error('this is not a duration, as 1h30m or 2.5s is')
  return read
}

function durationOf(given: string): Duration | undefined {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    const read: unknown = readDuration({ text: given })
    return read instanceof Duration ? read : undefined
  } catch {
    return undefined
  } finally {
    Error.stackTraceLimit = limit
  }
}

function dayOfYear(at: Date): number {
  const first = new Date(at)
  first.setUTCMonth(0, 1)
  return (at.getTime() - first.getTime()) / DAY_MS
}

function partOfTime(part: (at: Date) => number): readonly CelFunction[] {
  return [
    unary(time, (at) => BigInt(part(at))),
    binary([time, text], (at, zone, place) => BigInt(part(inZone(at, zone, place)))),
  ]
}

function partOfSpan(
  part: (at: Date) => number,
  ofDuration: (it: Duration) => bigint,
): readonly CelFunction[] {
  const [, zoned] = partOfTime(part)
  const plain = unary(span, (it) => (it instanceof Duration ? ofDuration(it) : BigInt(part(it))))
  return zoned === undefined ? [plain] : [plain, zoned]
}

/** Returns the time whose parts in UTC are those of `at` in a zone: `Europe/Berlin` or `+02:00`. */
function inZone(at: Date, timeZone: string, { frame, site }: At): Date {
  spend(frame, ZONING, site)
  const offset = timeZone.length > LONGEST ? undefined : offsetMs(at, timeZone)
  if (offset === undefined) throw site.error('this is not a time zone')
  return new Date(at.getTime() + offset)
}

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
 * Reads a time as epoch ms, a whole number; `undefined` when it cannot be read. Numbers, bare or
 * in a string, are seconds or ms, told apart by their size. A date without zone is UTC.
 */
export function momentOf(time: unknown): number | undefined {
  if (typeof time !== 'number' && typeof time !== 'string') return undefined
  if (typeof time === 'string' && !NUMERIC.test(time)) return momentOfIso(time)
  const epoch = Number(time)
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

/**
 * Tests for a day of the calendar, `YYYY-MM-DD`, in a month from 01 to 12. Date.parse reads the 30th
 * of February as the second of March.
 */
export function isCalendarDay(day: string): boolean {
  return Number(day.slice('YYYY-MM-'.length)) <= 28 || new Date(day).toISOString().startsWith(day)
}

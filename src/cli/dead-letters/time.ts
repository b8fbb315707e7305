import { momentOf } from '../../lib/moment.ts'
import { UserMistake } from '../frame/io.ts'

const SPAN = /^(\d{1,6})\s*([smhdw])$/
const DAY = /^\d{4}-\d\d-\d\d$/
const DAY_MS = 86_400_000
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
}

/** Reads a span of time such as `30d` or `12h`, in ms. Throws a `UserMistake`. */
export function parseSpan(flag: string, text: string): number {
  const span = spanIn(text)
  if (span !== undefined) return span
  throw new UserMistake(`${flag} needs a span of time such as 30d, 12h or 90m`)
}

/**
 * Reads a time, in epoch ms: ISO 8601 in UTC unless it names a zone, or a span before `now`. A day
 * alone is its start, or its end with `dayEnds`. Throws a `UserMistake`.
 */
export function parseTime(
  flag: string,
  text: string,
  { now, dayEnds }: { readonly now: number; readonly dayEnds: boolean },
): number {
  const span = spanIn(text)
  if (span !== undefined) return now - span
  const moment = momentOf(text)
  if (moment === undefined) {
    throw new UserMistake(`${flag} needs a time such as 2026-11-24, 2026-11-24T05:03Z or 2h`)
  }
  return dayEnds && DAY.test(text) ? moment + DAY_MS : moment
}

function spanIn(text: string): number | undefined {
  const [, count, unit = ''] = SPAN.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (UNIT_MS[unit] ?? 0)
}

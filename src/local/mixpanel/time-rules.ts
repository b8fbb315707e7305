import { makeFault, type PropertyRule } from './record.ts'
import type { Switches } from './switches.ts'

const EARLIEST_MS = Date.UTC(1971)
const FUTURE_MAX_MS = 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
const DIGITS = /^\d+$/

export const timeFault: PropertyRule = ({ time }, { now, switches }) => {
  if (time === undefined || time === null)
    return makeFault('properties.time', 'must not be missing')
  const at = parseMoment(time, switches)
  if (at === undefined || at < EARLIEST_MS) {
    return makeFault('properties.time', 'must be specified as seconds since epoch')
  }
  if (at > now + FUTURE_MAX_MS && switches.farFuture === 'refused') {
    return makeFault('properties.time', 'must not be in the future')
  }
  const { retentionDays } = switches
  if (retentionDays === 'unlimited' || at >= now - retentionDays * DAY_MS) return undefined
  return makeFault('properties.time', 'must be within the retention period of the project')
}

/** The time under which an event that keeps the rules is stored, in epoch ms. */
export function storedTime(time: unknown, now: number, switches: Switches): number {
  const at = parseMoment(time, switches)
  if (at === undefined) return now
  const kept = switches.nearFuture === 'kept' && at <= now + FUTURE_MAX_MS
  return kept ? at : Math.min(at, now)
}

/** In epoch ms; `undefined` when it is no time. Mixpanel tells seconds from ms by size. */
function parseMoment(time: unknown, { textTime, millisecondsAbove }: Switches): number | undefined {
  const isReadable = textTime === 'accepted' && typeof time === 'string' && DIGITS.test(time)
  const epoch = isReadable ? Number(time) : time
  if (typeof epoch !== 'number') return undefined
  return Math.floor(epoch > millisecondsAbove ? epoch : epoch * 1000)
}

import { faultOf, type PropertyRule } from './record.ts'
import type { Switches } from './switches.ts'

/** 1971-01-01 in seconds. */
const EARLIEST_SECONDS = 31_536_000
const FUTURE_MAX_MS = 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
const DIGITS = /^\d+$/

export const timeFault: PropertyRule = ({ time }, { now, switches }) => {
  if (time === undefined || time === null) return faultOf('properties.time', 'must not be missing')
  const epoch = epochOf(time, switches)
  if (epoch === undefined || epoch < EARLIEST_SECONDS) {
    return faultOf('properties.time', 'must be specified as seconds since epoch')
  }
  const at = millisecondsOf(epoch, switches)
  if (at > now + FUTURE_MAX_MS && switches.farFuture === 'refused') {
    return faultOf('properties.time', 'must not be in the future')
  }
  const { retentionDays } = switches
  if (retentionDays === 'unlimited' || at >= now - retentionDays * DAY_MS) return undefined
  return faultOf('properties.time', 'must be within the retention period of the project')
}

/** The time under which an event that keeps the rules is stored, in epoch ms. */
export function storedTime(time: unknown, now: number, switches: Switches): number {
  const epoch = epochOf(time, switches)
  if (epoch === undefined) return now
  const at = millisecondsOf(epoch, switches)
  const kept = switches.nearFuture === 'kept' && at <= now + FUTURE_MAX_MS
  return kept ? at : Math.min(at, now)
}

function epochOf(time: unknown, { textTime }: Switches): number | undefined {
  if (typeof time === 'number') return time
  const readable = textTime === 'accepted' && typeof time === 'string' && DIGITS.test(time)
  return readable ? Number(time) : undefined
}

/** Mixpanel tells seconds from milliseconds by size. */
function millisecondsOf(time: number, { millisecondsAbove }: Switches): number {
  return Math.floor(time > millisecondsAbove ? time : time * 1000)
}

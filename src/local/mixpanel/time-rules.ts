import { faultOf, type PropertyRule } from './record.ts'

/** 1971-01-01 in seconds. */
const EARLIEST_SECONDS = 31_536_000
/** Mixpanel tells seconds from milliseconds by size; the threshold is a client's observation. */
const LARGEST_SECONDS = 1e12
const FUTURE_MAX_MS = 60 * 60 * 1000

export const timeFault: PropertyRule = ({ time }, { now }) => {
  if (time === undefined || time === null) return faultOf('properties.time', 'must not be missing')
  if (typeof time !== 'number' || time < EARLIEST_SECONDS) {
    return faultOf('properties.time', 'must be specified as seconds since epoch')
  }
  if (millisecondsOf(time) <= now + FUTURE_MAX_MS) return undefined
  return faultOf('properties.time', 'must not be in the future')
}

/** The time under which an event that keeps the rules is stored, in epoch ms: at latest `now`. */
export function storedTime(time: unknown, now: number): number {
  return typeof time === 'number' ? Math.min(millisecondsOf(time), now) : now
}

function millisecondsOf(time: number): number {
  return Math.floor(time > LARGEST_SECONDS ? time : time * 1000)
}

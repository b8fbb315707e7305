import type { ParsedEvent } from '../../lib/json/text.ts'
import { numberText } from '../frame/count-text.ts'
import { createCountMin } from './count-min.ts'
import type { Remark } from './finding.ts'

/** The number of event names that Mixpanel indexes (https://docs.mixpanel.com/docs/data-structure/events-and-properties). */
const INDEXED_NAMES = 5_000
/** Mixpanel cuts a name after these characters. Names that are equal so far are one name. */
const NAME_CHARACTERS = 255
/** The events of one id a day that Mixpanel shows (https://docs.mixpanel.com/docs/tracking-best-practices/hot-shard-limits). */
const SHOWN_A_DAY = 200_000
const DAY_MS = 86_400_000

/** Returns remarks on an event that only the events before it explain. */
export type CrowdRemarks = (event: ParsedEvent, timeMs: number) => readonly Remark[]

const NOTHING: readonly Remark[] = []

/**
 * Makes a `CrowdRemarks`. It is called once for each event, and its memory does not grow with their
 * number. It reports the first name past the limit, and each id and day once.
 */
export function createCrowdRemarks(): CrowdRemarks {
  const names = new Set<string>()
  const events = createCountMin()
  const hot = new Set<string>()

  return function crowdRemarks({ event, properties }, timeMs) {
    const name = nameRemark(event)
    const id = idRemark(properties.distinct_id, timeMs)
    if (!name && !id) return NOTHING
    return [name, id].filter((remark) => remark !== undefined)
  }

  function nameRemark(event: string): Remark | undefined {
    if (names.size > INDEXED_NAMES || names.has(event)) return undefined
    names.add(event.length > NAME_CHARACTERS ? cutCopy(event) : event)
    if (names.size <= INDEXED_NAMES) return undefined
    const detail = `more than ${numberText(INDEXED_NAMES)} names: Mixpanel does not index this one and further ones`
    return { kind: 'many_names', field: 'event', detail }
  }

  function idRemark(distinctId: unknown, timeMs: number): Remark | undefined {
    if ((typeof distinctId !== 'string' && typeof distinctId !== 'number') || distinctId === '') {
      return undefined
    }
    const day = Math.floor(timeMs / DAY_MS)
    const key = `${day} ${distinctId}`
    if (events.add(key) <= SHOWN_A_DAY || hot.has(key)) return undefined
    hot.add(key)
    const date = new Date(timeMs).toISOString().slice(0, 'YYYY-MM-DD'.length)
    const detail = `about ${numberText(SHOWN_A_DAY)} events of this id on ${date}: Mixpanel takes further ones off the id`
    return { kind: 'hot_id', field: 'properties.distinct_id', detail }
  }
}

/** Returns the characters that Mixpanel keeps. A slice would keep the whole text in memory. */
function cutCopy(name: string): string {
  return Buffer.from(name.slice(0, NAME_CHARACTERS)).toString()
}

import type { ParsedEvent } from '../../lib/json/text.ts'
import type { Candidate, PreparedEvent } from '../../model/event.ts'
import type { Dropped, Rejected, RejectReason } from '../../model/outcome.ts'
import { changeRemarks } from './change-remarks.ts'
import { createCrowdRemarks } from './crowd-remarks.ts'
import type { BadKind, Remark } from './finding.ts'
import { shapeRemarks } from './shape-remarks.ts'

/** Mixpanel deletes older events (https://docs.mixpanel.com/docs/privacy/gdpr-compliance). */
const KEPT_YEARS = 2

/** Returns all that there is to say about one event that the service would send. */
export type EventRemarks = (candidate: Candidate, prepared: PreparedEvent) => readonly Remark[]

/** Makes an `EventRemarks`. `now` is the time, in epoch ms, from which the age of events counts. */
export function createEventRemarks(now: number): EventRemarks {
  const crowdRemarks = createCrowdRemarks()
  const oldBefore = new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() - KEPT_YEARS)

  return function eventRemarks({ value, text }, prepared) {
    if (!isEvent(value)) return []
    return [
      ...changeRemarks(value, text, prepared),
      ...shapeRemarks(value, addedTo(value)),
      ...(prepared.time < oldBefore ? [TOO_OLD] : []),
      ...crowdRemarks(value, prepared.time),
    ]
  }
}

const TOO_OLD: Remark = {
  kind: 'too_old',
  field: 'properties.time',
  detail: `it is more than ${KEPT_YEARS} years ago: Mixpanel may delete the event or refuse it`,
}

/** The kind of a remark on an event that is rejected. It is never that of a warning, which ends with 0. */
const KIND_OF = {
  unreadable_data: 'rejected',
  invalid_json: 'not_json',
  invalid_event: 'rejected',
  transform_failed: 'rejected',
  too_large: 'rejected',
  refused_by_mixpanel: 'rejected',
} as const satisfies Record<RejectReason, BadKind>

/** Returns the remark on an event that the service would not send. */
export function outcomeRemark(outcome: Dropped | Rejected): Remark {
  if (outcome.kind === 'dropped') return { kind: 'dropped', detail: `by ${outcome.rule}` }
  const { field, detail, reason } = outcome
  const kind = KIND_OF[reason]
  return field === undefined ? { kind, detail } : { kind, field, detail }
}

/** Returns the number of properties that the service adds to an event. */
function addedTo({ properties }: ParsedEvent): number {
  return (
    Number(!Object.hasOwn(properties, 'time')) + Number(!Object.hasOwn(properties, '$insert_id'))
  )
}

/** Whether a value is an event, as it is for every event that was prepared. */
function isEvent(value: unknown): value is ParsedEvent {
  return typeof value === 'object' && value !== null && 'event' in value && 'properties' in value
}

import type { PendingEvent } from '../model/pending-event.ts'
import type { Gate } from './gate.ts'
import type { Refusals } from './refusals.ts'
import type { Trust } from './trust.ts'
import type { Refusal } from './unnamed-refusal.ts'

export interface AccessDeps {
  readonly gate: Pick<Gate, 'noteUnauthorized'>
  readonly trust: Pick<Trust, 'record' | 'hasImportedSince'>
  readonly refusals: Pick<Refusals, 'noteText' | 'isAboutEvents'>
  /** Called when Mixpanel refuses the credentials, with the HTTP status of its answer. */
  readonly misconfigured: (status: number) => void
}

/**
 * Returns whether these refusals of one batch, or of its parts, mean that our credentials are
 * refused. The gate is then unauthorized. `since` is the instant at which the first was sent.
 */
export type IsAccessRefused = (
  batch: readonly PendingEvent[],
  refusals: readonly Refusal[],
  since: number,
) => boolean

const MISCONFIGURED = { kind: 'misconfigured', status: 400 } as const

/**
 * Makes an `IsAccessRefused`. One 400 whose text names credentials is a refusal like any other,
 * because its text may quote an event. Two mean that access is refused, when nothing is imported
 * meanwhile. They do not when the same message has met such texts before and other events were
 * imported since.
 */
export function createIsAccessRefused(deps: AccessDeps): IsAccessRefused {
  const { gate, trust, refusals, misconfigured } = deps

  return function isAccessRefused(batch, answers, since) {
    const speakOfAccess = answers.length > 1 && answers.every(({ hint }) => hint === 'access')
    if (!speakOfAccess || trust.hasImportedSince(since)) return false
    if (refusals.isAboutEvents(batch)) return false
    refusals.noteText(batch)
    trust.record(MISCONFIGURED, since)
    gate.noteUnauthorized(since)
    misconfigured(MISCONFIGURED.status)
    return true
  }
}

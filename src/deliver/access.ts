import type { Traveller } from '../model/journey.ts'
import type { Gate } from './gate.ts'
import type { Refusals } from './refusals.ts'
import type { Judged, Standing } from './standing.ts'
import type { Refusal } from './verdict.ts'

export interface AccessParts {
  readonly gate: Pick<Gate, 'bar'>
  readonly standing: Pick<Standing, 'judge' | 'hasImportedSince'>
  readonly refusals: Pick<Refusals, 'noteText' | 'isOfItsOwn'>
  /** Told the verdict on every answer, as it comes. */
  readonly heard: (verdict: Judged) => void
}

/**
 * Whether these refusals of one batch, or of its parts, mean that our credentials are refused; then
 * the gate is barred. `since` is when the first set out.
 */
export type IsAccessRefused = (
  batch: readonly Traveller[],
  refusals: readonly Refusal[],
  since: number,
) => boolean

const MISCONFIGURED: Judged = { kind: 'misconfigured', status: 400 }

/**
 * One 400 that speaks of credentials is a refusal like any other, for its text may quote an event.
 * Two mean that access is refused, when nothing is imported meanwhile, unless the same message has
 * met such texts before and others were imported since.
 */
export function createIsAccessRefused(parts: AccessParts): IsAccessRefused {
  const { gate, standing, refusals, heard } = parts

  return function isAccessRefused(batch, answers, since) {
    const speakOfAccess = answers.length > 1 && answers.every(({ hint }) => hint === 'access')
    if (!speakOfAccess || standing.hasImportedSince(since)) return false
    if (refusals.isOfItsOwn(batch)) return false
    refusals.noteText(batch)
    standing.judge(MISCONFIGURED, since)
    gate.bar(since)
    heard(MISCONFIGURED)
    return true
  }
}

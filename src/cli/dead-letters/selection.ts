import { POLICY_REASON } from '../../dead-letter/letter-of-message.ts'
import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { nearest } from '../../lib/nearest.ts'
import { REJECT_REASONS } from '../../model/outcome.ts'
import { type Io, UserMistake } from '../frame/io.ts'
import { eventNameOf } from './event-name.ts'
import { parseTime } from './time.ts'

/** The flags that choose letters, the same for all commands. */
export const SELECTION_FLAGS = {
  from: {
    type: 'string',
    value: 'PLACE',
    meaning:
      'a folder, or projects/P/subscriptions/S; without it, the folder that DEAD_LETTER names',
  },
  since: {
    type: 'string',
    value: 'TIME',
    meaning: 'letters stored from then on: 2026-11-24, 2026-11-24T05:03Z, or 2h or 7d ago',
  },
  until: {
    type: 'string',
    value: 'TIME',
    meaning: 'letters stored before then; a day alone counts whole',
  },
  reason: { type: 'string', multiple: true, value: 'REASON', meaning: 'letters with this reason' },
  event: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    meaning: 'letters of events of this name',
  },
} as const

/** Whether a letter is one of those that were asked for. */
export type Selection = (letter: StoredLetter) => boolean

export interface SelectionFlags {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly reason?: readonly string[] | undefined
  readonly event?: readonly string[] | undefined
}

const REASONS: readonly string[] = [...REJECT_REASONS, 'too_many_rejected', POLICY_REASON]

/** Makes a selection. Without ids, letters of every id are selected. Throws a `UserMistake`. */
export function selectionOf(
  flags: SelectionFlags,
  ids: readonly string[],
  { clock }: Pick<Io, 'clock'>,
): Selection {
  const now = clock.now()
  const since = flags.since && parseTime('--since', flags.since, { now, dayEnds: false })
  const until = flags.until && parseTime('--until', flags.until, { now, dayEnds: true })
  for (const reason of flags.reason ?? []) refuseUnknown(reason)
  const [isReason, isEvent, isId] = [oneOf(flags.reason), oneOf(flags.event), oneOf(ids)]

  return function isSelected(letter) {
    if (!isReason(letter.reason) || !isId(letter.id)) return false
    if (since || until) {
      const at = Date.parse(letter.deadLetteredAt)
      if ((since && at < since) || (until && at >= until)) return false
    }
    return flags.event === undefined || isEvent(eventNameOf(letter) ?? '')
  }
}

function refuseUnknown(reason: string): void {
  if (REASONS.includes(reason)) return
  const meant = nearest(reason, REASONS)
  throw new UserMistake(
    `there is no reason ${reason}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  )
}

function oneOf(names: readonly string[] = []): (name: string) => boolean {
  const wanted = new Set(names)
  return (name) => wanted.size === 0 || wanted.has(name)
}

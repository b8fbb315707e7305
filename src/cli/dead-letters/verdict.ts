import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { REJECT_REASONS, type RejectReason } from '../../model/outcome.ts'
import type { ReplayEnd } from '../../service/replay/run-letter.ts'

/** The things that a replay would do with a letter, as far as the service can say. */
export const VERDICTS = [
  'would be sent',
  'would fail again',
  'not known until sent',
  'would be dropped',
] as const
export type Verdict = (typeof VERDICTS)[number]

/** The fault of a letter that would not be imported, or was not. */
export interface Fault {
  /** The reason and the field, or why the letter is not sent. */
  readonly title: string
  readonly detail?: string
}

/** Returns the verdict about a letter that would end so if Mixpanel imported all events. */
export function verdictOf(letter: StoredLetter, end: ReplayEnd): Verdict {
  if (end.kind === 'imported')
    return isJudgedByMixpanel(letter) ? 'not known until sent' : 'would be sent'
  return end.kind === 'dropped' ? 'would be dropped' : 'would fail again'
}

/** Returns the fault that keeps a letter from being done; `undefined` when it has none. */
export function faultOf(end: ReplayEnd): Fault | undefined {
  switch (end.kind) {
    case 'imported':
    case 'dropped':
      return undefined
    case 'withheld':
      return { title: end.why }
    case 'returned':
      return { title: `not imported yet: ${end.reason}` }
    case 'rejected': {
      const { reason, field, detail } = end.first
      return { title: field === undefined ? reason : `${reason} ${field}`, detail }
    }
  }
}

/** Whether Mixpanel, whose rules the service cannot know, has judged an event with this reason. */
const IS_JUDGED = {
  unreadable_data: false,
  invalid_json: false,
  invalid_event: false,
  transform_failed: false,
  too_large: false,
  refused_by_mixpanel: true,
} as const satisfies Record<RejectReason, boolean>
const JUDGED = REJECT_REASONS.filter((reason) => IS_JUDGED[reason])

/** Whether Mixpanel refused an event of the letter. A letter of many names its reasons in `detail`. */
function isJudgedByMixpanel({ reason, detail }: StoredLetter): boolean {
  return JUDGED.some(
    (judged) => reason === judged || (reason === 'too_many_rejected' && detail.includes(judged)),
  )
}

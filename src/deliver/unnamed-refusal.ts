import type { RejectReason } from '../model/outcome.ts'
import { type ImportReply, textIn } from './answer.ts'
import { NO_TEXT } from './failed-records.ts'
import { speaksOfAccess, speaksOfTransience } from './mixpanel-texts.ts'

/** The batch is refused as a whole, and no event of it is named. */
export type Refusal = Readonly<{
  kind: 'refused'
  reason: Extract<RejectReason, 'refused_by_mixpanel' | 'too_large'>
  detail: string
  /** Whether an event that is refused so, alone, is surely at fault itself. */
  certain: boolean
  /**
   * The further meaning of the text: access is refused, or the fault passes. A text may quote an
   * event, so the hint holds only as long as no other answer speaks against it.
   */
  hint?: 'access' | 'transience'
}>

/** Returns the refusal for a text that is about one event, and does not name it. */
export function refusalFor(text: string): Refusal {
  const refusal = { kind: 'refused', reason: 'refused_by_mixpanel', detail: text } as const
  const hint = hintIn(text)
  return { ...refusal, certain: false, ...(hint && { hint }) }
}

function hintIn(text: string): Refusal['hint'] {
  if (speaksOfAccess(text)) return 'access'
  return speaksOfTransience(text) ? 'transience' : undefined
}

/**
 * Returns the refusal for a 413. A proxy has limits of its own, and answers with a page: a single
 * event may then not be at fault.
 */
export function refusedForSize(reply: ImportReply | undefined): Refusal {
  const detail = textOf(reply?.error)
  const certain = reply !== undefined && isMixpanels(reply)
  return { kind: 'refused', reason: 'too_large', detail, certain }
}

/**
 * Whether a reply is Mixpanel's: its errors have a text beside a status, which is 0 or a text. A
 * gateway's errors are objects.
 */
export function isMixpanels(reply: ImportReply): reply is ImportReply & { readonly error: string } {
  const { error, status } = reply
  return typeof error === 'string' && (status === 0 || typeof status === 'string')
}

/** Returns a text of an answer, or another text when there is none. */
export function textOf(error: unknown): string {
  return textIn(error) ?? NO_TEXT
}

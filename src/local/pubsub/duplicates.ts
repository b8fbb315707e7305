import type { TopicMessage } from './publish-rules.ts'
import type { DuplicateSettings } from './subscription-settings.ts'

const AFTER_MS = 1_000

/** Whether an acked message is pushed again, and how. */
export type Return = { readonly kind: 'never' } | ReturnLater

/** `retimed`: with another publish time. */
export interface ReturnLater {
  readonly kind: 'as_it_was' | 'retimed'
  readonly afterMs: number
}

/** Decides by chance for one acked message. */
export function drawReturn(settings: DuplicateSettings | undefined, random: () => number): Return {
  const { rate, otherPublishTimeShare = 0, afterMs = AFTER_MS } = settings ?? { rate: 0 }
  if (random() >= rate) return { kind: 'never' }
  return { kind: random() < otherPublishTimeShare ? 'retimed' : 'as_it_was', afterMs }
}

/** Now, or at least a millisecond after the first (googleapis/google-cloud-go#1174). */
export function otherPublishTimeOf({ publishTime }: TopicMessage, now: number): string {
  return new Date(Math.max(now, Date.parse(publishTime) + 1)).toISOString()
}

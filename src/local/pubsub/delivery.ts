import type { TopicMessage } from './publish-rules.ts'

/** A message on its way through one subscription. */
export interface Delivery {
  readonly message: TopicMessage
  /**
   * A `duplicate` comes again although it was acked, a `replay` because an earlier one of its
   * ordering key did.
   */
  readonly kind: 'first' | 'duplicate' | 'replay'
  /** Time-outs included. */
  readonly nacks: number
}

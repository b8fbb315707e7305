import type { TopicMessage } from './publish-rules.ts'

/** A message on its way through one subscription. */
export interface Delivery {
  readonly message: TopicMessage
  /**
   * A `duplicate` is pushed again although it was acked. A `replay` is pushed again because an
   * earlier message of its ordering key was.
   */
  readonly kind: 'first' | 'duplicate' | 'replay'
  /** The number of nacks, time-outs included. */
  readonly nacks: number
}

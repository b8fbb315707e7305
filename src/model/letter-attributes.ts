/**
 * What a dead letter in a topic says beside its event, as attributes under this prefix. A message
 * that carries them is the letter, published again.
 */
export const LETTER_PREFIX = 'pubsub-mixpanel-'

/** The names behind the prefix. A contract with whoever reads the topic: the set may grow. */
export const LETTER_ATTRIBUTES = [
  'id',
  'dead-lettered-at',
  'reason',
  'field',
  'detail',
  'line',
  'ordinal',
  'insert-id',
  'time',
  'replays',
  'message-id',
  'publish-time',
  'subscription',
  'ordering-key',
  'delivery-attempt',
  'shortened',
  'part',
] as const
export type LetterAttribute = (typeof LETTER_ATTRIBUTES)[number]

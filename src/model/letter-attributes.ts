/**
 * The prefix of the attributes that a dead letter in a topic has beside its event. A message that
 * carries them is the letter, published again.
 */
export const LETTER_PREFIX = 'pubsub-mixpanel-'

/**
 * The names after the prefix. They are a contract with all readers of the topic: the set may grow.
 */
export const LETTER_ATTRIBUTES = [
  'id',
  'dead-lettered-at',
  'reason',
  'field',
  'detail',
  'stage',
  'line',
  'ordinal',
  'child',
  'children',
  'events',
  'lines',
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

/**
 * The prefix for an attribute of the original message that cannot be published under its own name.
 */
export const ORIGINAL_PREFIX = `${LETTER_PREFIX}original-`

/**
 * The names that cannot be published as they are. Pub/Sub refuses a publish request with an empty
 * name or one that begins with `goog` in any case, and our own prefix is for the letter's
 * attributes.
 */
export const KEPT_NAME = new RegExp(`^(?:$|goog|${LETTER_PREFIX})`, 'i')

/** Returns the attributes that the message of a letter had, under their own names. */
export function originalAttributes(
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const named = Object.entries(given)
  const own = named.filter(([name]) => !KEPT_NAME.test(name))
  const original = named
    .filter(([name]) => name.startsWith(ORIGINAL_PREFIX))
    .map(([name, value]) => [name.slice(ORIGINAL_PREFIX.length), value] as const)
  return Object.fromEntries([...own, ...original])
}

/**
 * The prefix of the attributes that a dead-letter policy of Pub/Sub adds to the copy of a message
 * (observed with Google's emulator).
 */
export const POLICY_PREFIX = 'CloudPubSubDeadLetterSource'

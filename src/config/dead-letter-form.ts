/** The place that `DEAD_LETTER` names; `unknown` when the value has no known form. */
export type DeadLetterForm = Readonly<
  | { kind: 'file'; folder: string }
  | { kind: 'subscription' }
  /** `projects/P/topics/T`. */
  | { kind: 'pubsub'; topic: string }
  | { kind: 'unknown' }
>

/** The value of `DEAD_LETTER` when it is unset. On Cloud Run it must be set. */
export const DEFAULT_DEAD_LETTER = 'file:./dead-letters'

/** The names that Pub/Sub accepts, without anything that could change the URL. */
const TOPIC = /^projects\/[a-z0-9][\w.:-]*\/topics\/[a-z][\w.~+%-]{2,254}$/i

/** Reads the value of `DEAD_LETTER`. */
export function parseDeadLetter(text: string): DeadLetterForm {
  if (/^subscription$/i.test(text)) return { kind: 'subscription' }
  if (/^file:./i.test(text)) return { kind: 'file', folder: text.slice('file:'.length) }
  const topic = /^pubsub:/i.test(text) ? text.slice('pubsub:'.length) : ''
  if (TOPIC.test(topic)) return { kind: 'pubsub', topic }
  return { kind: 'unknown' }
}

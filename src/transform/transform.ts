import type { Candidate, Line } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { type Dropped, type Rejected, rejected } from '../model/outcome.ts'
import { thrownAt } from './position.ts'
import type { TransformContext } from './types.ts'

/**
 * Hands one JSON value, `undefined` for a message without data, to the owner's function: the
 * events it makes of it, or the outcome that ends its journey.
 */
export type Transform = (
  value: unknown,
  line: Line,
  message: Message,
) => readonly Candidate[] | Dropped | Rejected

const DROPPED: Dropped = Object.freeze({ kind: 'dropped', rule: 'transform' })

/** What a dead-letter policy adds to the attributes of a message that it publishes again (observed). */
const POLICYS_ATTRIBUTES = [
  'CloudPubSubDeadLetterSourceDeliveryCount',
  'CloudPubSubDeadLetterSourceSubscription',
  'CloudPubSubDeadLetterSourceSubscriptionProject',
  'CloudPubSubDeadLetterSourceTopicPublishTime',
]

/** As far as it can be trusted: a `TransformEvent` written in JavaScript. */
type OwnersFunction = (input: unknown, context: TransformContext) => unknown

/**
 * Makes an outcome of this event alone of whatever the owner's function throws or returns. With
 * `folder`, where the function's module is, the outcome names the place at which it threw.
 */
export function createTransform(transformEvent: OwnersFunction, folder?: string): Transform {
  return function transform(value, line, message) {
    try {
      return stepOf(transformEvent(value, contextOf(line, message)), line)
    } catch (error) {
      return failed(`${placeOf(error, folder)}${messageOf(error)}`)
    }
  }
}

function contextOf(line: Line, message: Message): TransformContext {
  const { data, publishedAt, replay, ...known } = message
  return { ...known, attributes: attributesOf(message), line: line.number }
}

/** Without those that a dead-letter policy adds: its copy of a message must make the same events. */
function attributesOf(message: Message): Record<string, string> {
  const attributes = { ...message.attributes }
  for (const name of POLICYS_ATTRIBUTES)
    if (Object.hasOwn(attributes, name)) delete attributes[name]
  return attributes
}

function stepOf(returned: unknown, line: Line): readonly Candidate[] | Dropped | Rejected {
  if (returned === null) return DROPPED
  if (returned === undefined) return failed('returned nothing; return null to drop the event')
  if (!Array.isArray(returned)) return candidatesOf([returned], line)
  return returned.length === 0 ? DROPPED : candidatesOf(returned, line)
}

function candidatesOf(events: readonly unknown[], line: Line): readonly Candidate[] | Rejected {
  const promises = events.filter(isThenable)
  if (promises.length > 0) return refusePromises(promises)
  const candidates: Candidate[] = []
  for (const [index, event] of events.entries()) {
    const text: string | undefined = JSON.stringify(event)
    if (text === undefined) return failed(`returned a value of type ${typeof event}, not an event`)
    const child = events.length === 1 ? 0 : index + 1
    // Parsed again: what Mixpanel will see of a Date, an undefined or a toJSON is the text.
    candidates.push({ line, child, text, value: JSON.parse(text) })
  }
  return candidates
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

function refusePromises(promises: readonly PromiseLike<unknown>[]): Rejected {
  // A rejection that nobody awaits would end the process.
  for (const promise of promises) promise.then(undefined, () => undefined)
  return failed('returned a promise; a transform must return its event at once')
}

/** Empty when it cannot be told. */
function placeOf(thrown: unknown, folder: string | undefined): string {
  try {
    if (folder === undefined || !(thrown instanceof Error)) return ''
    const at = thrownAt(thrown, { folder, url: import.meta.url })
    return at ? `${at}: ` : ''
  } catch {
    return ''
  }
}

function messageOf(thrown: unknown): string {
  const text = textOf(thrown)
  return typeof text === 'string' ? text : 'threw a value that is not an error, or has no text'
}

/** Of the owner's making, whatever its type says: it may throw when it is asked. */
function textOf(thrown: unknown): unknown {
  try {
    return thrown instanceof Error ? thrown.message : thrown
  } catch {
    return undefined
  }
}

function failed(detail: string): Rejected {
  return rejected('transform_failed', detail)
}

import type { Candidate, Line } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { type Dropped, type Rejected, rejected } from '../model/outcome.ts'
import type { Redaction } from '../model/redaction.ts'
import type { CountRule } from '../model/rule-effect.ts'
import { contextOf } from './context.ts'
import { thrownAt } from './position.ts'
import type { TransformContext } from './types.ts'

/**
 * Passes one JSON value, `undefined` for a message without data, to the owner's mapping. Returns
 * the events that it makes of the value, or the outcome that ends the event's path. `count` is called
 * for each rule that had an effect; without it, nothing is counted.
 */
export interface Transform {
  (
    value: unknown,
    line: Line,
    message: Message,
    count?: CountRule,
  ): readonly Candidate[] | Dropped | Rejected
  /** The privacy section of the mapping, if there is one, for the letters of its events. */
  readonly redaction?: Redaction
}

const EMPTIED = rejected('invalid_event', 'the letter was stored without its content')
const DROPPED: Dropped = Object.freeze({ kind: 'dropped', rule: 'transform' })

/** The transform of a service without a mapping: a line is the event. */
export const asPublished: Transform = (value, line) =>
  value === undefined ? [] : [{ line, child: 0, text: line.text, value }]

/** Makes the transform of a line that holds an event as a mapping made it. `child` is its place. */
export function asMapped(child: number): Transform {
  return (value, line) =>
    value === undefined ? [] : [{ line, child, text: line.text, value, stage: 'mapped' }]
}

/**
 * Makes a transform that knows letters that were published again. An event that was mapped before is
 * not mapped again. A privacy section decides on it for itself.
 */
export function forLetters(transform: Transform): Transform {
  return function transformLetter(value, line, message, count) {
    const { replay } = message
    if (replay?.isEmptied) return EMPTIED
    if (!replay?.isMapped || transform.redaction) return transform(value, line, message, count)
    return asMapped(replay.child?.place ?? 0)(value, line, message)
  }
}

const WITHOUT_TEXT = 'threw an error, whose text is left out under a privacy section'

/** The owner's function as far as it can be trusted: a `TransformEvent` written in JavaScript. */
type OwnersFunction = (input: unknown, context: TransformContext) => unknown

/**
 * Makes a transform of the owner's function. An error of the function becomes an outcome of this
 * event alone. With `folder`, the folder of the function's module, the outcome names the place of
 * the error. With `isPrivate` it leaves out the text of the error, which may quote the event.
 */
export function createTransform(
  transformEvent: OwnersFunction,
  folder?: string,
  isPrivate = false,
): Transform {
  return function transform(value, line, message) {
    try {
      return stepOf(transformEvent(value, contextOf(line, message)), line)
    } catch (error) {
      return failed(`${placeOf(error, folder)}${isPrivate ? WITHOUT_TEXT : messageOf(error)}`)
    }
  }
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
    // The text is parsed again, because Mixpanel sees the text of a Date, an undefined or a toJSON.
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
  // A rejected promise without a handler would end the process.
  for (const promise of promises) promise.then(undefined, () => undefined)
  return failed('returned a promise; a transform must return its event at once')
}

/** Returns the place of the error; empty when it is unknown. */
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

/**
 * Returns the text of an error. The error is the owner's, whatever its type says, and may throw
 * when it is read.
 */
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

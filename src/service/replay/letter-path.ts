import { isUtf8 } from 'node:buffer'
import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { parseLine } from '../../decode/parse-line.ts'
import { bytesOf } from '../../lib/base64.ts'
import type { Decoded, Line } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import type { Dropped, RejectReason } from '../../model/outcome.ts'
import type { Stages } from '../../pipeline.ts'
import { asMapped, asPublished, type Transform } from '../../transform/transform.ts'
import { type FixedLine, type FixOf, fixLine, valueIn } from './fix-line.ts'
import { propertiesOf, withLettersNames } from './letters-names.ts'
import { messageOfLetter } from './message-of-letter.ts'

export interface LetterPathOptions {
  /** The owner's mapping. Without one, a line is the event. */
  readonly transform: Transform | undefined
  /** Absent when events are sent as they are. */
  readonly fixOf: FixOf | undefined
  /** Whether all events of a line are sent when the transform makes another number than it did. */
  readonly isAllChildren: boolean
}

/** The first stages of the path of one letter, in which a replay differs from a push. */
export interface LetterPath extends Pick<Stages, 'parse' | 'transform'> {
  /** Present for a letter of one line: its text is that line, whatever a message of it would be. */
  readonly decode?: Stages['decode']
  readonly message: Message
  /** Returns why nothing of the letter may be sent, once its lines have passed; else `undefined`. */
  withheld(): string | undefined
}

type Made = ReturnType<Transform>

const NOTHING: Dropped = Object.freeze({ kind: 'dropped', rule: 'fix' })
const NO_VALUE = { kind: 'json', value: undefined } as const
/** Whether the transform has made an event that is rejected for this reason, as far as is known. */
const IS_MADE = {
  unreadable_data: false,
  invalid_json: false,
  invalid_event: true,
  transform_failed: false,
  too_large: false,
  refused_by_mixpanel: true,
} as const satisfies Record<RejectReason, boolean>
const MADE = new Map<string, boolean>(Object.entries(IS_MADE))

/**
 * Makes the path of a letter. The fix comes first, and then the transform, unless the letter holds
 * what the transform made. The event gets the insert id and the time of the letter, unless the fix
 * has changed them.
 */
export function createLetterPath(letter: StoredLetter, options: LetterPathOptions): LetterPath {
  const isMapped = letter.stage === 'mapped'
  const fix = options.fixOf?.(letter)
  const map = isMapped ? asMapped(letter.child ?? 0) : (options.transform ?? asPublished)
  const expected = isMapped || options.isAllChildren ? undefined : childrenOf(letter)
  const message = messageOfLetter(letter, options)
  /** The result of the fix for the line that was parsed last. */
  let fixed: FixedLine | undefined
  let why: string | undefined

  return {
    message,
    ...(letter.line > 0 && { decode: () => lineOf(message) }),
    parse,
    transform,
    withheld: () => why,
  }

  /** Parses a line and mends it, even when it was no JSON before. */
  function parse(...where: Parameters<typeof parseLine>): ReturnType<typeof parseLine> {
    const read = parseLine(...where)
    fixed = fix && isSent(read.line) ? fixLine(fix, read, message) : undefined
    if (fixed === undefined || fixed.kind === 'unchanged') return read
    const value = fixed.kind === 'changed' ? fixed.value : undefined
    return { line: read.line, parsed: { kind: 'json', value } }
  }

  function transform(value: unknown, line: Line, origin: Message): Made {
    if (fixed?.kind === 'left_out') return NOTHING
    if (fixed?.kind === 'failed') return withhold(fixed.why)
    const text = fixed?.kind === 'changed' ? fixed.text : line.text
    const made = counted(map(value, { ...line, text }, origin))
    if ('kind' in made) return made
    const before = fixed?.kind === 'changed' ? propertiesBefore(line, origin) : undefined
    return made.map((candidate) =>
      isLetters(candidate.child) ? withLettersNames(candidate, letter, before) : candidate,
    )
  }

  /** Withholds a letter when the transform makes another number of events than it did. */
  function counted(made: Made): Made {
    const count = countOf(made)
    if (expected === undefined || count === undefined || count === expected) return made
    // A rule of the owner may drop an event now. It is not one of several, so it is done.
    if (expected === 1 && count === 0) return made
    return withhold(`the transform makes ${count} events of the line now, and made ${expected}`)
  }

  /** Returns the properties of the letter's event as it would be without the fix. */
  function propertiesBefore(line: Line, origin: Message): ReturnType<typeof propertiesOf> {
    const made = map(valueIn(line), line, origin)
    const one = 'kind' in made ? undefined : made.find(({ child }) => isLetters(child))
    return propertiesOf(one?.value)
  }

  function isLetters(child: number): boolean {
    return Math.max(1, letter.child ?? 0) === Math.max(1, child)
  }

  /** Whether the letter stands for a line. */
  function isSent({ number }: Line): boolean {
    const ranges = message.replay?.lines
    return !ranges || ranges.some(({ from, to }) => from <= number && number <= to)
  }

  function withhold(reason: string): Dropped {
    why ??= reason
    return NOTHING
  }
}

/** Returns the line of a letter of one line. A message without data has one without a value. */
function lineOf({ data, replay }: Message): Decoded {
  const bytes = bytesOf(data)
  const place = { number: replay?.line ?? 1, start: 0, end: bytes.length }
  const only = data === '' ? { ...place, parsed: NO_VALUE } : place
  return { kind: 'lines', body: { bytes, isUtf8: isUtf8(bytes) }, lines: [only] }
}

/** Returns the number of events that the transform made of the line; `undefined` if unknown. */
function childrenOf({ line, children, reason, insertId }: StoredLetter): number | undefined {
  if (line === 0) return undefined
  const isMade = insertId !== undefined || MADE.get(reason) === true
  return children ?? (isMade ? 1 : undefined)
}

function countOf(made: Made): number | undefined {
  if (!('kind' in made)) return made.length
  return made.kind === 'dropped' ? 0 : undefined
}

import { skipSpace } from '../../../lib/json/scan.ts'
import type { NoteValue } from '../../../model/redaction.ts'
import { changedValue, type NoteStep } from './changed-value.ts'
import { type Edit, withEdits } from './edits.ts'
import { type ReadName, scalarText, textOf } from './names.ts'
import { removes } from './path-tree.ts'
import { type Arrival, type Follow, NOWHERE, type Reach } from './reach.ts'
import { scalarsIn } from './scalars-in.ts'
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  endOfString,
  endOfValue,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './value-end.ts'

export interface RedactDeps {
  readonly readName: ReadName
  readonly follow: Follow
  /** Whether a path may begin at any depth. */
  readonly isAnywhere: boolean
  readonly noteStep: NoteStep
  readonly noteValue?: NoteValue
}

/** The beginning of a text that may hold JSON, as it stands in the event and without its escapes. */
const MAY_BE_JSON = /^[\s\\{[]/
const IS_NESTED = /^(\s*)["{[]/

/** An object or list that the scan is in. */
interface Frame {
  readonly isObject: boolean
  /** The place of the object, or of each element of the list. */
  readonly arrival: Arrival
  /** The end of the last item that stays; -1 while there is none. */
  keptEnd: number
  /** The beginning of the item under way. */
  itemAt: number
}

interface Scan {
  readonly text: string
  readonly deps: RedactDeps
  readonly frames: Frame[]
  readonly edits: Edit[]
  /** The index of the value that comes next, and its place in the event. */
  at: number
  arrival: Arrival
}

/** The end of a value; `isRemoved` when it goes. */
interface Taken {
  readonly end: number
  readonly isRemoved: boolean
}

/**
 * Returns a JSON text with its values redacted, and every other byte as it was; `undefined` when the text is
 * no JSON. The scan works on the text, so that numbers stay exact and no name hides behind an equal
 * one. It does not recurse into objects and lists: an event may nest as deep as it likes.
 */
export function redactJson(text: string, reach: Reach, deps: RedactDeps): string | undefined {
  const scan = newScan(text, reach, deps)
  return redactNext(scan) === text.length ? withEdits(text, scan.edits) : undefined
}

/** Does the same for a text of several JSON values, one after another, such as lines. */
function redactSequence(text: string, reach: Reach, deps: RedactDeps): string | undefined {
  const scan = newScan(text, reach, deps)
  const { arrival } = scan
  while (scan.at < text.length) {
    const next = redactNext(scan)
    if (next === undefined) return undefined
    scan.at = next
    scan.arrival = arrival
  }
  return withEdits(text, scan.edits)
}

function newScan(text: string, reach: Reach, deps: RedactDeps): Scan {
  const arrival = { reach, actions: [] }
  return { text, deps, frames: [], edits: [], at: skipSpace(text, 0), arrival }
}

/** Redacts the next value. Returns the index of what follows; `undefined` when the value is no JSON. */
function redactNext(scan: Scan): number | undefined {
  for (;;) {
    const taken = enters(scan) ? enter(scan) : takeValue(scan)
    if (taken === undefined) return undefined
    if (taken === 'entered') continue
    const end = goOn(scan, taken)
    if (end === undefined) return undefined
    if (end !== 'continued') return skipSpace(scan.text, end)
  }
}

/** Whether the next value is an object or list whose items are looked at one by one. */
function enters({ text, at, arrival, deps }: Scan): boolean {
  const char = text.charCodeAt(at)
  const { reach, actions } = arrival
  if (char !== OPEN_BRACE && char !== OPEN_BRACKET) return false
  if (actions.length > 0) return char === OPEN_BRACKET && !actions.some(removes)
  return deps.isAnywhere || reach !== NOWHERE
}

function enter(scan: Scan): Taken | 'entered' | undefined {
  const { text, frames, arrival, at } = scan
  const isObject = text.charCodeAt(at) === OPEN_BRACE
  const first = skipSpace(text, at + 1)
  const frame = { isObject, arrival, keptEnd: -1, itemAt: first }
  if (closes(frame, text.charCodeAt(first))) return { end: first + 1, isRemoved: false }
  frames.push(frame)
  return beginItem(scan, frame, first) ? 'entered' : undefined
}

function closes({ isObject }: Frame, char: number): boolean {
  return char === (isObject ? CLOSE_BRACE : CLOSE_BRACKET)
}

/** Moves to the value of the item that begins at `at`. */
function beginItem(scan: Scan, frame: Frame, at: number): boolean {
  frame.itemAt = at
  scan.at = at
  scan.arrival = frame.arrival
  if (!frame.isObject) return true
  const { text, deps } = scan
  const nameEnd = text.charCodeAt(at) === QUOTE ? endOfString(text, at) : undefined
  if (nameEnd === undefined) return false
  const colonAt = skipSpace(text, nameEnd)
  if (text.charCodeAt(colonAt) !== COLON) return false
  const name = deps.readName(text.slice(at + 1, nameEnd - 1))
  scan.arrival = deps.follow(frame.arrival.reach, name)
  scan.at = skipSpace(text, colonAt + 1)
  return true
}

/**
 * Leaves the item that was taken for the next one, and the objects and lists that end behind it. Returns the
 * end of the whole value when nothing comes next.
 */
function goOn(scan: Scan, taken: Taken): number | 'continued' | undefined {
  const { text, frames } = scan
  let { end, isRemoved } = taken
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const after = skipSpace(text, end)
    const isMore = text.charCodeAt(after) === COMMA
    const nextAt = isMore ? skipSpace(text, after + 1) : after
    if (isRemoved) cut(scan, frame, isMore ? { end: nextAt } : { end, isLast: true })
    else frame.keptEnd = end
    if (isMore) return beginItem(scan, frame, nextAt) ? 'continued' : undefined
    if (!closes(frame, text.charCodeAt(after))) return undefined
    frames.pop()
    end = after + 1
    isRemoved = false
  }
  return end
}

/** Cuts an item out, with the comma behind it. The last one goes with the comma before it. */
function cut({ edits }: Scan, frame: Frame, { end, isLast }: { end: number; isLast?: true }): void {
  const start = isLast && frame.keptEnd >= 0 ? frame.keptEnd : frame.itemAt
  while ((edits.at(-1)?.start ?? -1) >= start) edits.pop()
  edits.push({ start, end, text: '' })
}

/** Takes the next value as a whole, and changes it when a path ends at it. */
function takeValue(scan: Scan): Taken | undefined {
  const { text, at, arrival, deps, edits } = scan
  const end = endOfValue(text, at)
  if (end === undefined) return undefined
  const { actions, reach } = arrival
  if (actions.length > 0) return changeValue(scan, text.slice(at, end), end)
  const isText = text.charCodeAt(at) === QUOTE
  const inner =
    isText && deps.isAnywhere ? redactInner(text.slice(at + 1, end - 1), reach, deps) : undefined
  if (inner !== undefined) edits.push({ start: at, end, text: JSON.stringify(inner) })
  return { end, isRemoved: false }
}

function changeValue({ at, arrival, deps, edits }: Scan, raw: string, end: number): Taken {
  const { actions } = arrival
  const after = changedValue(raw, actions, deps.noteStep)
  if (after !== raw && deps.noteValue) noteChange(raw, after, deps.noteValue)
  if (after === undefined) return { end, isRemoved: true }
  if (after !== raw) edits.push({ start: at, end, text: after })
  return { end, isRemoved: false }
}

function noteChange(raw: string, after: string | undefined, noteValue: NoteValue): void {
  const text = after && scalarText(after)
  for (const value of scalarsIn(raw)) noteValue(value, text)
}

/** Returns the JSON that a text holds, redacted by `**` paths; `undefined` when nothing changes. */
function redactInner(raw: string, { anywhere }: Reach, deps: RedactDeps): string | undefined {
  if (!MAY_BE_JSON.test(raw)) return undefined
  const text = textOf(raw)
  const [, space] = IS_NESTED.exec(text) ?? []
  if (space === undefined) return undefined
  // JSON has fewer kinds of white space than texts, and no byte order mark.
  const json = text.slice(space.length)
  const redacted = redactSequence(json, { anywhere }, deps)
  return redacted === undefined || redacted === json ? undefined : `${space}${redacted}`
}

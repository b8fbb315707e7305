import { isObject } from '../../lib/json/is-object.ts'
import { isRawNumber } from '../../transform/mapping/expressions/exact-numbers.ts'
import { writeJson } from '../../transform/mapping/expressions/values.ts'
import type { Case } from '../../transform/mapping/mapping-file.ts'
import { pathText } from '../../transform/mapping/reading/path-text.ts'
import { countText } from '../frame/count-text.ts'
import type { Made, Ran } from './run-case.ts'

/** The first difference between a case and its end, in two texts. */
export interface Difference {
  readonly expected: string
  readonly got: string
}

/** Returns the hashes that may stand for a text: one for each key of the mapping. */
export type HashesOf = (text: string) => readonly string[]

/** The characters of a value that are shown. */
const SHOWN = 200

/** Returns the first difference; `undefined` when the case ended as it is expected to. */
export function differenceOf(
  { expect }: Pick<Case, 'expect'>,
  ran: Pick<Ran, 'made' | 'droppedBy'>,
  hashesOf: HashesOf,
): Difference | undefined {
  const wanted = 'reject' in expect ? [expect] : expect.filter(isObject)
  const { made } = ran
  const whole = { expected: summaryOf(wanted.map(wantedText), []), got: gotText(ran) }
  if (wanted.length !== made.length) return whole
  for (const [index, want] of wanted.entries()) {
    const got = made[index]
    if (got === undefined || isRejection(want) !== (got.kind === 'rejected')) return whole
    const found = got.kind === 'rejected' ? reasonIn(want, got) : eventsDifference(want, got, index)
    if (found !== undefined) return found
  }
  return undefined

  function eventsDifference(want: Value, { event }: Extract<Made, { kind: 'event' }>, at: number) {
    const { event: name, properties } = isObject(event) ? event : {}
    return inValues(want, { event: name, properties }, [at], hashesOf)
  }
}

/** Returns the end of a case in one line. */
function gotText({ made, droppedBy }: Pick<Ran, 'made' | 'droppedBy'>): string {
  return summaryOf(made.map(madeText), droppedBy)
}

type Value = Readonly<Record<string, unknown>>

function isRejection(want: Value): boolean {
  return 'reject' in want
}

function reasonIn(want: Value, got: Made): Difference | undefined {
  const text = madeText(got)
  return text.includes(String(want.reject)) ? undefined : { expected: wantedText(want), got: text }
}

function wantedText(want: Value): string {
  return isRejection(want) ? `rejected: ${want.reject}` : String(want.event)
}

function madeText(made: Made): string {
  if (made.kind === 'event') return isObject(made.event) ? String(made.event.event) : ''
  return `rejected: ${made.field === undefined ? '' : `${made.field}: `}${made.detail}`
}

function summaryOf(texts: readonly string[], droppedBy: readonly string[]): string {
  if (texts.length === 0) {
    const rules = [...new Set(droppedBy)].join(', ')
    return `nothing (dropped${rules === '' ? '' : ` by ${rules}`})`
  }
  const [only = ''] = texts
  if (texts.length === 1 && only.startsWith('rejected: ')) return only
  return `${countText(texts.length, 'event')}: ${texts.join(', ')}`
}

type Path = readonly (string | number)[]

function inValues(
  want: unknown,
  got: unknown,
  path: Path,
  hashesOf: HashesOf,
): Difference | undefined {
  const hashed = hashedText(want)
  if (hashed !== undefined) return inHash(hashed, got, path, hashesOf)
  if (Array.isArray(want) && Array.isArray(got)) {
    return inMembers({ ...want }, { ...got }, (key) => [...path, Number(key)])
  }
  if (isValue(want) && isValue(got)) return inMembers(want, got, (key) => [...path, key])
  return valueText(want) === valueText(got) ? undefined : told(path, valueText(want), got)

  function inMembers(wants: Value, gots: Value, pathTo: (key: string) => Path) {
    for (const key of new Set([...Object.keys(wants), ...Object.keys(gots)])) {
      const found = inMember(wants, gots, key, pathTo(key))
      if (found !== undefined) return found
    }
    return undefined
  }

  function inMember(wants: Value, gots: Value, key: string, at: Path): Difference | undefined {
    const want = Object.hasOwn(wants, key) ? wants[key] : undefined
    const got = Object.hasOwn(gots, key) ? gots[key] : undefined
    return inValues(want, got, at, hashesOf)
  }
}

function inHash(text: string, got: unknown, path: Path, hashesOf: HashesOf) {
  if (typeof got === 'string' && hashesOf(text).includes(got)) return undefined
  return told(path, `the hash of ${JSON.stringify(text)}`, got)
}

function told(path: Path, expected: string, got: unknown): Difference {
  const at = pathText(path)
  return { expected: `${at}: ${cut(expected)}`, got: `${at}: ${cut(valueText(got))}` }
}

/** Returns the text in `{ $hashed: TEXT }`. */
function hashedText(want: unknown): string | undefined {
  if (!isObject(want) || Object.keys(want).length !== 1) return undefined
  return typeof want.$hashed === 'string' ? want.$hashed : undefined
}

function isValue(value: unknown): value is Value {
  return isObject(value) && !isRawNumber(value)
}

function valueText(value: unknown): string {
  return value === undefined ? 'absent' : writeJson(value)
}

function cut(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`
}

import { elementsIn } from '../lib/json/bytes.ts'
import { isObject } from '../lib/json/is-object.ts'
import { contentFrom, trimmedEndInTurns } from '../lib/white-space.ts'
import type { Body } from '../model/event.ts'
import { parseJson } from './parse-line.ts'
import { createPlaces, type Places } from './places.ts'

/** An array, as far as it is good. */
export interface ArrayRead {
  readonly places: Places
  /** The values of its elements, if it was parsed as a whole. */
  readonly known: readonly unknown[]
  /** The number of its elements that are objects, as far as they were parsed one by one. */
  readonly objects: number
  /** The index at which its first element begins, good or not. */
  readonly firstAt: number
  /** The index after its closing bracket; `undefined` when it is broken before. */
  readonly closedAt: number | undefined
  /**
   * The bytes that are not part of the good array. When it is cut off, they are empty and at its
   * end.
   */
  readonly rest: Span | undefined
}

/** A part of a text, in bytes. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * The size of an array that is parsed as a whole. The elements of a larger one are parsed one by
 * one.
 */
const SMALL_BYTES = 256 * 1024

/**
 * Reads the array that opens at `openAt`, and stops one element after `most`. An element that is
 * not UTF-8, or too costly to parse, does not break it.
 */
export function* readArray(body: Body, openAt: number, most: number): Generator<void, ArrayRead> {
  const textEnd = yield* trimmedEndInTurns(body.bytes, openAt, body.bytes.length)
  const text = body.bytes.subarray(0, textEnd)
  const known = valuesOfSmall(body, openAt, textEnd)
  const places = createPlaces()
  let objects = 0
  const { closed, at } = yield* elementsIn(text, openAt, take)
  return {
    places,
    known: known ?? [],
    objects,
    firstAt: places.count() > 0 ? places.at(0).start : at,
    closedAt: closed ? at : undefined,
    rest:
      closed && at === textEnd ? undefined : { start: yield* contentFrom(text, at), end: textEnd },
  }

  function take(start: number, end: number): boolean {
    if (!known) {
      const parsed = parseJson(body, start, end)
      if (parsed.kind === 'not_json') return false
      if (parsed.kind === 'json' && isObject(parsed.value)) objects += 1
    }
    places.add(places.count() + 1, start, end)
    return places.count() <= most
  }
}

function valuesOfSmall(body: Body, start: number, end: number): readonly unknown[] | undefined {
  if (end - start > SMALL_BYTES || !body.isUtf8) return undefined
  const whole = parseJson(body, start, end)
  return whole.kind === 'json' && Array.isArray(whole.value) ? whole.value : undefined
}

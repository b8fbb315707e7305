import type { ParsedEvent } from '../../lib/json/text.ts'
import { numberText } from '../frame/count-text.ts'
import type { Remark, WarningKind } from './finding.ts'
import { shortened } from './shortened.ts'

/** Called for each remark about the shape of an event. */
type Say = (kind: WarningKind, field: string, detail: string) => void

/** The limits of Mixpanel (https://developer.mixpanel.com/reference/import-events). */
const KEPT_CHARACTERS = 255
const MAX_PROPERTIES = 254
const MAX_ELEMENTS = 254
/**
 * The levels of objects and lists, counted from `properties`. Mixpanel does not say where it begins
 * to count: this is the place from which the fewest events pass.
 */
const MAX_DEPTH = 3
const DEPTH_OF_PROPERTIES = 1
/** Mixpanel reads these itself: it does not cut them. */
const OWN_FIELDS = new Set(['time', 'distinct_id', '$insert_id'])
/** Names that hide other events (https://docs.mixpanel.com/docs/data-structure/property-reference/reserved-properties). */
const HIDING_NAMES = new Set(['$bucket', 'bucket'])
/** Names under `mp_` that Mixpanel's documents tell a client to set. */
const CLIENTS_NAMES = new Set(['mp_lib', 'mp_country_code'])

/**
 * Returns remarks on parts of an event that Mixpanel may refuse, cuts, or takes another way than
 * its publisher. `added` is the number of properties that the service adds.
 */
export function shapeRemarks({ event, properties }: ParsedEvent, added: number): Remark[] {
  const remarks: Remark[] = []
  const say: Say = (kind, field, detail) => remarks.push({ kind, field, detail })
  if (event.length > KEPT_CHARACTERS) sayCut(event, 'event', say)
  const names = Object.keys(properties)
  const count = names.length + added
  if (count > MAX_PROPERTIES) say('too_many', 'properties', tooMany(count, 'properties'))
  for (const name of names) {
    sayAboutName(name, say)
    const value = properties[name]
    if (isInner(value))
      sayAboutInner(value, `properties.${shortened(name)}`, DEPTH_OF_PROPERTIES + 1, say)
    else if (isLongText(value) && !OWN_FIELDS.has(name)) {
      sayCut(value, `properties.${shortened(name)}`, say)
    }
  }
  // Mixpanel drops an event with any true value (https://docs.mixpanel.com/docs/tracking-best-practices/bot-traffic).
  if (properties.$ignore) {
    say('ignored', 'properties.$ignore', 'Mixpanel drops the event, and answers that it took it')
  }
  return remarks
}

function sayAboutName(name: string, say: Say): void {
  sayAboutLength(name, 'properties', say)
  if (HIDING_NAMES.has(name)) {
    say('reserved', `properties.${name}`, 'this name is reserved, and hides other events')
  } else if (name.startsWith('mp_') && !CLIENTS_NAMES.has(name)) {
    say(
      'reserved',
      `properties.${shortened(name)}`,
      'Mixpanel reserves the names that begin with mp_',
    )
  }
}

function sayAboutLength(name: string, parent: string, say: Say): void {
  if (name.length <= KEPT_CHARACTERS) return
  const length = lengthOf(name)
  if (length <= KEPT_CHARACTERS) return
  const detail = `the name has ${numberText(length)} characters, Mixpanel keeps ${KEPT_CHARACTERS}`
  say('cut', `${parent}.${shortened(name)}`, detail)
}

function sayAboutInner(value: object, field: string, depth: number, say: Say): void {
  if (depth > MAX_DEPTH) {
    say('too_deep', field, `it nests deeper than ${MAX_DEPTH} levels, properties included`)
    return
  }
  if (Array.isArray(value)) sayAboutArray(value, field, depth, say)
  else sayAboutObject(value, field, depth, say)
}

function sayAboutArray(elements: readonly unknown[], field: string, depth: number, say: Say): void {
  if (elements.length > MAX_ELEMENTS) say('long_array', field, tooMany(elements.length, 'elements'))
  for (const [index, element] of elements.entries()) {
    sayAboutValue(element, () => `${field}[${index}]`, depth, say)
  }
}

function sayAboutObject(object: object, field: string, depth: number, say: Say): void {
  const entries = Object.entries(object)
  if (entries.length > MAX_PROPERTIES) say('too_many', field, tooMany(entries.length, 'keys'))
  for (const [name, value] of entries) {
    sayAboutLength(name, field, say)
    sayAboutValue(value, () => `${field}.${shortened(name)}`, depth, say)
  }
}

function sayAboutValue(value: unknown, field: () => string, depth: number, say: Say): void {
  if (isInner(value)) sayAboutInner(value, field(), depth + 1, say)
  else if (isLongText(value)) sayCut(value, field(), say)
}

function sayCut(text: string, field: string, say: Say): void {
  const length = lengthOf(text)
  if (length <= KEPT_CHARACTERS) return
  say('cut', field, `${numberText(length)} characters, Mixpanel keeps ${KEPT_CHARACTERS}`)
}

function isInner(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Whether a value is a text that may be too long. Some of its characters may have two code units. */
function isLongText(value: unknown): value is string {
  return typeof value === 'string' && value.length > KEPT_CHARACTERS
}

function lengthOf(text: string): number {
  let count = 0
  for (const _character of text) count += 1
  return count
}

function tooMany(count: number, noun: string): string {
  return `${numberText(count)} ${noun}, Mixpanel takes fewer than ${MAX_PROPERTIES + 1}`
}

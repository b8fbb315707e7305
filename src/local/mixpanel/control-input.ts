import type { Behaviour } from './behaviour.ts'
import { ODD_ANSWERS } from './odd-answers.ts'
import type { QuotaLimit } from './quota.ts'
import { isObject, type JsonObject } from './record.ts'

/** A field's allowed values, as a check and in words. */
interface Field {
  readonly is: string
  readonly required: boolean
  readonly accepts: (value: unknown) => boolean
}

type Fields = Readonly<Record<string, Field>>

const STATUS: Field = required('a status from 200 to 599', (value) => {
  return isWhole(value) && Number(value) >= 200 && Number(value) <= 599
})
const COUNT: Field = required('a whole number', isWhole)
const BODY: Field = optional('a text or an object', (value) => {
  return typeof value === 'string' || isObject(value)
})
const HEADERS: Field = optional('an object of texts', (value) => {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string')
})
const ODD: Field = required(`one of ${Object.keys(ODD_ANSWERS).join(', ')}`, (value) => {
  return Object.keys(ODD_ANSWERS).some((name) => name === value)
})
const CLAIM: Field = optional('true or false', (value) => typeof value === 'boolean')

/** The fields of each behaviour beside its kind. */
const BEHAVIOURS: Readonly<Record<Behaviour['kind'], Fields>> = {
  status: { status: STATUS, body: BODY, headers: HEADERS },
  odd: { answer: ODD },
  throttle: { retryInMs: COUNT },
  hang: {},
  delay: { ms: COUNT },
  slow_answer: { ms: COUNT },
  shortfall: { imported: COUNT, once: CLAIM },
  unbalanced: { imported: COUNT },
  reset_before_import: {},
  reset_after_import: {},
  cut_off: {},
  gate: {},
}

const QUOTA: Fields = {
  events: COUNT,
  bytes: { ...COUNT, required: false },
  windowMs: { ...COUNT, required: false },
}

const TIMES: Fields = {
  times: optional('a whole number above 0', (value) => isWhole(value) && Number(value) > 0),
}

/** A behaviour, and the number of requests it is for; all requests to come when it is absent. */
export interface Fault {
  readonly times?: number
}

/** Says what is wrong with a fault, and lists the choices; `undefined` when nothing is wrong. */
export function faultComplaint(value: unknown): string | undefined {
  const fields = isObject(value) ? fieldsOf(value.kind) : undefined
  if (fields === undefined) return `kind must be one of ${Object.keys(BEHAVIOURS).join(', ')}`
  return findComplaint(value, { ...fields, ...TIMES, kind: required('', () => true) })
}

export function isFault(value: unknown): value is Behaviour & Fault {
  return faultComplaint(value) === undefined
}

/** Says what is wrong with a quota; `undefined` when nothing is wrong. */
export function quotaComplaint(value: unknown): string | undefined {
  return findComplaint(value, QUOTA)
}

export function isQuotaLimit(value: unknown): value is QuotaLimit {
  return quotaComplaint(value) === undefined
}

/** Lists every kind of behaviour with its fields, for people. */
export function behaviourTexts(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return Object.fromEntries(
    Object.entries(BEHAVIOURS).map(([kind, fields]) => [kind, fieldTexts(fields)]),
  )
}

function fieldTexts(fields: Fields): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { is, required }]) => {
      return [name, required ? is : `${is}; may be absent`]
    }),
  )
}

function fieldsOf(kind: unknown): Fields | undefined {
  return Object.entries(BEHAVIOURS).find(([known]) => known === kind)?.[1]
}

function findComplaint(value: unknown, fields: Fields): string | undefined {
  if (!isObject(value)) return `an object with ${Object.keys(fields).join(', ')} is wanted`
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name))
  if (unknown !== undefined) {
    return `no such field: ${unknown}; there are ${Object.keys(fields).join(', ')}`
  }
  const wrong = Object.entries(fields).find(([name, field]) => !isTaken(value, name, field))
  return wrong && `${wrong[0]} must be ${wrong[1].is}`
}

function isTaken(value: JsonObject, name: string, field: Field): boolean {
  return value[name] === undefined ? !field.required : field.accepts(value[name])
}

function required(is: string, accepts: Field['accepts']): Field {
  return { is, required: true, accepts }
}

function optional(is: string, accepts: Field['accepts']): Field {
  return { is, required: false, accepts }
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

import { Duration } from '@marcbachmann/cel-js/evaluator'
import { isKeyed } from './kinds.ts'
import type { Run } from './part.ts'

/** The keys that an object has without being given them. */
const PROTOTYPES = [Object, Array, Date, Uint8Array, Duration].map(({ prototype }) => prototype)
const OWN_OF_OURS = ['rawJSON', 'celType']

/** Makes the selection of a key. An absent key is null, and so is a key of anything but an object. */
export function selectionOf(object: Run, key: string): Run {
  if (isInherited(key)) return (frame) => memberOf(object(frame), key)
  return function select(frame) {
    const value = object(frame)
    return isObjectLike(value) ? (value[key] ?? null) : null
  }
}

function isInherited(key: string): boolean {
  return (
    /^\d/.test(key) || OWN_OF_OURS.includes(key) || PROTOTYPES.some((prototype) => key in prototype)
  )
}

function isObjectLike(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Returns the member of an object, or the element of a list; null when it is absent. */
export function memberOf(whole: unknown, key: unknown): unknown {
  if (Array.isArray(whole)) return isIndex(key) ? (whole[Number(key)] ?? null) : null
  return hasMember(whole, key) && isKeyed(whole) ? (whole[String(key)] ?? null) : null
}

/** Whether a key is present, even when its value is null. */
export function hasMember(whole: unknown, key: unknown): boolean {
  if (Array.isArray(whole)) return isIndex(key) && Number(key) in whole
  return typeof key === 'string' && isKeyed(whole) && Object.hasOwn(whole, key)
}

function isIndex(key: unknown): boolean {
  return typeof key === 'bigint' || typeof key === 'number'
}

import { Ajv, type ErrorObject } from 'ajv'
import { isObject } from '../../../lib/json/is-object.ts'
import { nearest } from '../../../lib/nearest.ts'
import type { MappingPath, Problem } from '../compiled-mapping.ts'
import type { MappingFile } from '../mapping-file.ts'
import { combinationText } from './combinations.ts'
import { keywordText } from './keyword-text.ts'
import { MAPPING_SCHEMA } from './mapping-schema.ts'
import { pathText } from './path-text.ts'

/** The keywords whose errors are told by the combination of keys that is at fault. */
const COMBINATIONS = new Set(['anyOf', 'oneOf', 'not', 'propertyNames', 'dependencies'])
/** Errors of the parts of a combination, and the error that an `if` failed. */
const PART_OF_COMBINATION = /\/(?:anyOf|oneOf)\/\d|\/dependencies\/\w+\/propertyNames\/|\/if$/

/** The length of a key that may be a misspelled one. */
const LONGEST_KEY = 40

const FITS = new Ajv({ allErrors: true, verbose: true }).compile<MappingFile>(MAPPING_SCHEMA)

export type CheckedStructure = Readonly<
  { kind: 'sound'; file: MappingFile } | { kind: 'faulty'; problems: readonly Problem[] }
>

/** Checks the structure of a mapping file against the schema. */
export function checkStructure(value: unknown): CheckedStructure {
  if (FITS(value)) return { kind: 'sound', file: value }
  return { kind: 'faulty', problems: structureProblems(FITS.errors ?? [], value) }
}

/**
 * Returns errors of ajv, made with `verbose`, as problems of the mapping file. `base` is the path of
 * the value that was checked.
 */
export function structureProblems(
  errors: readonly ErrorObject[],
  value: unknown,
  base: MappingPath = [],
): Problem[] {
  const told = errors.filter(({ schemaPath }) => !PART_OF_COMBINATION.test(schemaPath))
  const meant = meantKeys(told)
  const problems = new Map<string, Problem>()
  for (const error of told) {
    if (isOfMisspelling(error, meant)) continue
    const path = [...base, ...pathOf(error.instancePath, value)]
    const problem = problemOf(error, path)
    if (problem !== undefined) problems.set(JSON.stringify(problem), problem)
  }
  return [...problems.values()]
}

/** Returns the keys that unknown keys were probably meant as, by the pointer to their object. */
function meantKeys(errors: readonly ErrorObject[]): ReadonlyMap<string, readonly string[]> {
  const meant = new Map<string, string[]>()
  for (const error of errors) {
    const key = error.keyword === 'additionalProperties' ? meantBy(error) : undefined
    if (key === undefined) continue
    meant.set(error.instancePath, [...(meant.get(error.instancePath) ?? []), key])
  }
  return meant
}

/** Whether an error would go away if a key were written as it was meant. */
function isOfMisspelling(
  { keyword, params, instancePath }: ErrorObject,
  meant: ReadonlyMap<string, readonly string[]>,
): boolean {
  const keys = meant.get(instancePath) ?? []
  if (keyword === 'required') return keys.includes(String(params.missingProperty))
  return COMBINATIONS.has(keyword) && keys.length > 0
}

function problemOf(error: ErrorObject, path: MappingPath): Problem | undefined {
  const { keyword, params, data } = error
  if (keyword === 'additionalProperties') return unknownKey(error, path)
  if (keyword === 'required') {
    const key = String(params.missingProperty)
    const hint = key === 'version' ? '; write version: 1' : ''
    return { path, text: `${pathText([...path, key])} is missing${hint}` }
  }
  if (!COMBINATIONS.has(keyword)) {
    return { path, text: `${pathText(path)} ${keywordText(error, path)}` }
  }
  const text = combinationText(keyword, path, data)
  return text === undefined ? undefined : { path, text: `${pathText(path)} ${text}` }
}

function unknownKey(error: ErrorObject, path: MappingPath): Problem {
  const key = String(error.params.additionalProperty)
  const meant = meantBy(error)
  const hint = meant === undefined ? otherHint(key, error) : `; did you mean ${meant}?`
  const own = [...path, key]
  return { path: own, text: `${pathText(own)} is unknown${hint}`, at: 'key' }
}

function meantBy(error: ErrorObject): string | undefined {
  const key = String(error.params.additionalProperty)
  return key.length > LONGEST_KEY ? undefined : nearest(key, keysOf(error))
}

function otherHint(key: string, error: ErrorObject): string {
  const keys = keysOf(error)
  const isOfProperties = Object.hasOwn(MAPPING_SCHEMA.definitions.properties.properties, key)
  if (isOfProperties && keys.includes('properties')) return '; it belongs below properties'
  return `; the keys here are ${keys.join(', ')}`
}

function keysOf({ parentSchema }: ErrorObject): readonly string[] {
  const { properties } = parentSchema ?? {}
  return isObject(properties) ? Object.keys(properties).filter((key) => key !== '$schema') : []
}

/** Returns the keys of a JSON pointer into a value. */
function pathOf(pointer: string, value: unknown): MappingPath {
  const path: (string | number)[] = []
  let inner = value
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(inner) ? Number(key) : key)
    inner = Array.isArray(inner) ? inner[Number(key)] : isObject(inner) ? inner[key] : undefined
  }
  return path
}

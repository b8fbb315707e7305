import { isObject } from '../../../lib/json/is-object.ts'
import type { MappingPath } from '../compiled-mapping.ts'
import { MAPPING_SCHEMA } from './mapping-schema.ts'

const SHAPE_KEYS = Object.keys(MAPPING_SCHEMA.definitions.shape.properties)
const STEP_KEYS = MAPPING_SCHEMA.definitions.privacyStep.oneOf.map(({ required: [key] }) => key)

/**
 * Says which combination of keys is wrong in the object at a path; `undefined` when none is, and an
 * unknown key alone is at fault.
 */
export function combinationText(
  keyword: string,
  path: MappingPath,
  value: unknown,
): string | undefined {
  const has = (key: string) => isObject(value) && Object.hasOwn(value, key)
  const [section, , part] = path
  if (section === undefined) return fileText(has)
  if (path.at(-1) === 'properties') return 'has pick and omit; write one of the two'
  if (section === 'rules') return part === undefined ? ruleText(has) : SHAPE_WITHOUT_EVENT
  if (section === 'cases') return 'must have event and properties, or reject alone'
  return keyword === 'dependencies' ? keyText(has) : stepText(has)
}

type Has = (key: string) => boolean

const SHAPE_WITHOUT_EVENT = 'has no event; add event, or base: preset'

function fileText(has: Has): string | undefined {
  if (!has('module')) return 'maps nothing; add rules, preset, privacy or module'
  const others = ['rules', 'preset', 'otherwise'].filter(has)
  if (others.length === 0) return undefined
  return `has ${listOf(['module', ...others])}; a module takes the place of the rules`
}

function ruleText(has: Has): string | undefined {
  const ends = ['drop', 'reject', 'events'].filter(has)
  const [shapeKey] = ['event', ...SHAPE_KEYS].filter(has)
  if (ends.length === 0) {
    return shapeKey === undefined
      ? 'does nothing; add drop: true, reject, event or events'
      : SHAPE_WITHOUT_EVENT
  }
  const found = [...ends, ...(shapeKey === undefined ? [] : [shapeKey])]
  if (found.length === 1) return undefined
  return ends[0] === 'events'
    ? `has ${listOf(found)}; write ${shapeKey} in each shape below events`
    : `has ${listOf(found)}; a rule drops, rejects or makes events: write two rules`
}

function keyText(has: Has): string {
  return has('key')
    ? 'has key without hash'
    : 'has hash without key; name the environment variable that holds the key'
}

function stepText(has: Has): string {
  const found = STEP_KEYS.filter(has)
  return found.length === 0
    ? `does nothing; add one of ${STEP_KEYS.join(', ')}`
    : `has ${listOf(found)}; write a step for each`
}

/** Returns two or more words as `a, b and c`. */
function listOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

import { isObject } from '../../../lib/json/is-object.ts'
import type { Problem } from '../compiled-mapping.ts'
import { MAPPING_SCHEMA } from './mapping-schema.ts'

/** A file with more rules does not load for their number alone. */
const MOST_RULES = MAPPING_SCHEMA.properties.rules.maxItems

/**
 * Returns the mistakes that lie in the order of the rules: names that are given twice or are
 * taken, rules that cannot be reached, and a preset that is missing. It takes files of any structure.
 */
export function orderProblems(value: unknown): Problem[] {
  if (!isObject(value)) return []
  const rules = Array.isArray(value.rules) ? value.rules.slice(0, MOST_RULES).map(ruleOf) : []
  return [
    ...namesTwice(rules),
    ...namesTaken(rules),
    ...deadConditions(rules),
    ...unreachableRules(rules),
    ...unreachableEnds(value, rules),
    ...missingPresets(value, rules),
  ]
}

type Value = Readonly<Record<string, unknown>>

function ruleOf(value: unknown): Value {
  return isObject(value) ? value : {}
}

function namesTwice(rules: readonly Value[]): Problem[] {
  return rules.flatMap(({ name }, at) => {
    const first = rules.findIndex((rule) => rule.name === name)
    if (typeof name !== 'string' || first === at) return []
    const text = `rules[${at}].name is that of rules[${first}]; the names of rules must differ`
    return [{ path: ['rules', at, 'name'], text }]
  })
}

/** Names under which the service counts what no rule did. */
const TAKEN = /^otherwise$|^privacy\[\d+\]/

function namesTaken(rules: readonly Value[]): Problem[] {
  return rules.flatMap(({ name }, at) => {
    if (!TAKEN.test(String(name))) return []
    const text = `rules[${at}].name is taken: \`otherwise\` and the steps of \`privacy\` are counted by such names`
    return [{ path: ['rules', at, 'name'], text }]
  })
}

function deadConditions(rules: readonly Value[]): Problem[] {
  return rules.flatMap(({ when }, at) => {
    if (typeof when !== 'string' || when.trim() !== 'false') return []
    return [{ path: ['rules', at, 'when'], text: `rules[${at}].when never holds` }]
  })
}

function unreachableRules(rules: readonly Value[]): Problem[] {
  const all = rules.findIndex(takesAll)
  return rules.flatMap((rule, at) => {
    if (all !== -1 && at > all)
      return [unreachable(at, `${ruleText(rules, all)} takes every event`)]
    const twin = rules.findIndex(({ when }) => typeof when === 'string' && when === rule.when)
    return twin === -1 || twin === at
      ? []
      : [unreachable(at, `${ruleText(rules, twin)} has the same when`)]
  })
}

function unreachable(at: number, why: string): Problem {
  return { path: ['rules', at], text: `rules[${at}] cannot be reached: ${why}` }
}

function unreachableEnds(file: Value, rules: readonly Value[]): Problem[] {
  const all = rules.findIndex(takesAll)
  if (all === -1) return []
  const isBase = shapesIn(rules).some(({ shape }) => shape.base === 'preset')
  const ends = isBase ? ['otherwise'] : ['preset', 'otherwise']
  return ends
    .filter((key) => Object.hasOwn(file, key))
    .map((key) => {
      const text = `${key} cannot be reached: ${ruleText(rules, all)} takes every event`
      return { path: [key], text, at: 'key' }
    })
}

function missingPresets(file: Value, rules: readonly Value[]): Problem[] {
  if (Object.hasOwn(file, 'preset')) return []
  return shapesIn(rules)
    .filter(({ shape }) => shape.base === 'preset')
    .map(({ path, text }) => ({
      path: [...path, 'base'],
      text: `${text}.base needs a preset, and the file has none`,
    }))
}

interface FoundShape {
  readonly shape: Value
  readonly path: readonly (string | number)[]
  readonly text: string
}

/** Returns the shapes of all rules. A rule may be a shape itself. */
function shapesIn(rules: readonly Value[]): readonly FoundShape[] {
  return rules.flatMap((rule, at) => {
    const own = { shape: rule, path: ['rules', at], text: `rules[${at}]` }
    const events = Array.isArray(rule.events) ? rule.events : []
    const inner = events.map((shape, place) => ({
      shape: ruleOf(shape),
      path: [...own.path, 'events', place],
      text: `${own.text}.events[${place}]`,
    }))
    return [own, ...inner]
  })
}

function takesAll(rule: Value): boolean {
  if (Object.keys(rule).length === 0) return false
  return !Object.hasOwn(rule, 'when') || rule.when === 'true'
}

function ruleText(rules: readonly Value[], at: number): string {
  const name = rules[at]?.name
  return typeof name === 'string' ? `rules[${at}] ${JSON.stringify(name)}` : `rules[${at}]`
}

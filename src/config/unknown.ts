import { lettersOff } from '../lib/letters-off.ts'
import { isInjected } from './kubernetes.ts'
import { RESERVED, VARIABLE_NAMES, type VariableName } from './schema.ts'
import type { Given } from './values.ts'

/** Variables that look like ours and are not. Only names are quoted: a value may be a secret. */
export interface UnknownVariables {
  /**
   * The variables that are nearly the name of one that is unset: the owner believes that it is set.
   */
  readonly problems: readonly string[]
  /** All other such variables, in one sentence. */
  readonly warnings: readonly string[]
}

/** The prefixes of our names. */
const PREFIXES = /^(PUSH|MIXPANEL|BATCH|DELIVERY|DECODE|DEAD_LETTER|INSERT)_|^TRANSFORMS?$/
/** Words that are ours only as a whole: TRANSFORMER_MODEL belongs to another program. */
const WHOLE_WORDS = /^(TRANSFORM|DEADLETTER)(_|$)/
const MOST_LETTERS_OFF = 2

/** Our variables that a near miss of their name may be meant for. */
const MEANT = VARIABLE_NAMES.filter((name) => isOurs(name) && !RESERVED.includes(name))

/** Finds the variables of the environment that were probably meant for this service. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  set: Given,
): UnknownVariables {
  const unset = MEANT.filter((name) => set[name] === undefined)
  const problems: string[] = []
  const others: string[] = []
  for (const [name, value = ''] of Object.entries(env)) {
    if (!isForeign(name, value.trim())) continue
    const meant = namesMeant(name.toUpperCase()).filter((ours) => unset.includes(ours))
    if (meant.length === 0) others.push(name)
    else problems.push(`${name} is not known: rename it to ${meant.join(' or ')}, or unset it`)
  }
  return { problems, warnings: others.length === 0 ? [] : [withoutEffect(others)] }
}

/** An empty variable counts as unset. */
function isForeign(name: string, value: string): boolean {
  if (value === '' || isKnown(name)) return false
  return isOurs(name.toUpperCase()) && !isInjected(name, value)
}

function isKnown(name: string): boolean {
  return VARIABLE_NAMES.some((known) => known === name)
}

function isOurs(name: string): boolean {
  if (PREFIXES.test(name) || WHOLE_WORDS.test(name)) return true
  return lettersOff(name, 'DEAD_LETTER') <= MOST_LETTERS_OFF || isMisspelled(name)
}

/** Whether one letter, or a swap of two, makes a name ours: PUSHSUBSCRIPTIONS, PUHS_AUTH. */
function isMisspelled(name: string): boolean {
  const prefixed = VARIABLE_NAMES.filter((ours) => PREFIXES.test(ours))
  return prefixed.some((ours) => lettersOff(name, ours) <= 1 || isSwapped(name, ours))
}

function isSwapped(name: string, ours: string): boolean {
  const at = [...ours].findIndex((letter, place) => letter !== name[place])
  const swapped = `${ours.slice(0, at)}${ours[at + 1] ?? ''}${ours[at]}${ours.slice(at + 2)}`
  return name === swapped
}

function withoutEffect(names: readonly string[]): string {
  return `these variables are not known and have no effect: ${names.join(', ')}`
}

/**
 * Returns our names that differ from a name by a plural or at most two letters. Without such a name, it returns
 * those that have one word more.
 */
function namesMeant(name: string): readonly VariableName[] {
  const misspelled = VARIABLE_NAMES.filter((ours) => isMisspelling(name, ours))
  if (misspelled.length > 0) return misspelled
  return VARIABLE_NAMES.filter((ours) => lacksOneWord(wordsOf(name), wordsOf(ours)))
}

function isMisspelling(name: string, ours: string): boolean {
  if (wordsOf(name).join() === wordsOf(ours).join()) return true
  return lettersOff(name, ours) <= MOST_LETTERS_OFF
}

/** Returns the words of a name, each in the singular. */
function wordsOf(name: string): string[] {
  return name.split('_').map((word) => word.replace(/S$/, ''))
}

function lacksOneWord(given: readonly string[], wanted: readonly string[]): boolean {
  if (given.length !== wanted.length - 1) return false
  return wanted.some((_, at) => wanted.toSpliced(at, 1).join() === given.join())
}

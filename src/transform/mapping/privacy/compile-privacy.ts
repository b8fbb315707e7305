import type { Redaction } from '../../../model/redaction.ts'
import type { CountRule } from '../../../model/rule-effect.ts'
import type { Problem } from '../compiled-mapping.ts'
import type { PrivacyStep } from '../mapping-file.ts'
import { createHashKeys, type HashKeys, type KeyOptions } from './hash-keys.ts'
import { createReadName } from './names.ts'
import { addPath, createPathTrees, type PathTrees } from './path-tree.ts'
import { createFollow, EVENT, NOWHERE } from './reach.ts'
import { type RedactDeps, redactJson } from './redact-json.ts'
import { pathsOf, type StepPath } from './step-paths.ts'

/** A privacy section that is ready to run. */
export interface Privacy extends Redaction {
  /** The names of the steps, as they are counted: `privacy[0] remove`. */
  readonly steps: readonly string[]
  /** The names of the keys for which the fixed key stands in. */
  readonly fixedKeys: readonly string[]
  /** Returns what `hash` makes of a text, under each key of the section. */
  hashesOf(text: string): readonly string[]
  /** Returns the text of an event without what the section takes away. It counts each step once. */
  redactEvent(text: string, count?: CountRule): string
}

export type CompiledPrivacy = Readonly<
  { kind: 'compiled'; privacy: Privacy } | { kind: 'faulty'; problems: readonly Problem[] }
>

/** The marks of a step for one event. */
const ABSENT = 0
const SEEN = 1
const REDACTED = 2

/** Compiles a privacy section, whose structure was checked before. It reports all problems at once. */
export function compilePrivacy(
  steps: readonly PrivacyStep[],
  options: KeyOptions,
): CompiledPrivacy {
  const keys = createHashKeys(options)
  const compiled = steps.map((step) => pathsOf(step, keys))
  const problems = compiled.flatMap(({ problems: found }, index) =>
    found.map((problem) => ({ ...problem, path: ['privacy', index, ...problem.path] })),
  )
  if (problems.length > 0) return { kind: 'faulty', problems }
  const names = compiled.map(({ name }, index) => `privacy[${index}] ${name}`)
  const paths = compiled.map((step) => step.paths)
  return { kind: 'compiled', privacy: createPrivacy(names, paths, keys) }
}

function createPrivacy(
  steps: readonly string[],
  paths: readonly (readonly StepPath[])[],
  keys: HashKeys,
): Privacy {
  const trees = treesOf(paths)
  const marks = new Uint8Array(steps.length)
  const deps: RedactDeps = {
    readName: createReadName(),
    follow: createFollow(trees),
    isAnywhere: trees.anywhere.children.size > 0,
    noteStep: mark,
  }
  const letterDeps = { ...deps, follow: createFollow(treesOf(paths.map(inLetters))) }

  return {
    steps,
    fixedKeys: keys.fixed(),
    hashesOf: keys.hashesOf,
    redactEvent,
    redactAnywhere: (text, noteValue) => redactJson(text, NOWHERE, { ...letterDeps, noteValue }),
    noteRemoved: (text, noteValue) => void redactJson(text, EVENT, { ...deps, noteValue }),
  }

  function redactEvent(text: string, count?: CountRule): string {
    marks.fill(ABSENT)
    const redacted = redactJson(text, EVENT, deps)
    if (redacted === undefined) throw new TypeError('the text of an event is not JSON')
    if (count) countSteps(count)
    return redacted
  }

  function mark(step: number, isRedacted: boolean): void {
    if (isRedacted) marks[step] = REDACTED
    else if (marks[step] === ABSENT) marks[step] = SEEN
  }

  function countSteps(count: CountRule): void {
    for (const [step, name] of steps.entries()) {
      if (marks[step] === REDACTED) count(name, 'redacted')
      else if (marks[step] === ABSENT) count(name, 'absent')
    }
  }
}

function treesOf(paths: readonly (readonly StepPath[])[]): PathTrees {
  const trees = createPathTrees()
  for (const [step, some] of paths.entries()) {
    for (const { path, change } of some) addPath(trees, path, { step, change })
  }
  return trees
}

/** Returns the paths of a step with the changes that it makes in letters. */
function inLetters(paths: readonly StepPath[]): readonly StepPath[] {
  return paths.map(({ path, change }) => {
    const isOther = change.kind === 'replace' && change.inLetter !== undefined
    return { path, change: isOther ? { kind: 'replace', replace: change.inLetter } : change }
  })
}

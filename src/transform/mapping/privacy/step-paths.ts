import { BAD_ID } from '../../../lib/bad-id.ts'
import type { Problem } from '../compiled-mapping.ts'
import type { PrivacyStep } from '../mapping-file.ts'
import type { HashKeys } from './hash-keys.ts'
import type { Change, Replace } from './path-tree.ts'
import { type Path, readPath } from './paths.ts'
import { cutAfter, hashInLetterWith, hashWith, maskBut } from './replacements.ts'

/** A path of a step, and what the step does to the values there. */
export interface StepPath {
  readonly path: Path
  readonly change: Change
}

/** A step with its paths. The problems have paths that start at the step. */
export interface StepPaths {
  readonly name: string
  readonly paths: readonly StepPath[]
  readonly problems: readonly Problem[]
}

/** A path as the file has it: its text, its place in the step, and the change at its end. */
interface Given {
  readonly source: string
  readonly at: readonly (string | number)[]
  readonly change: Change
}

/** The properties that `hash: ids` means: https://docs.mixpanel.com/docs/data-structure/property-reference/reserved-properties. */
const IDS = [
  'distinct_id',
  '$user_id',
  '$device_id',
  '$identified_id',
  '$anon_id',
  'alias',
  '$distinct_ids',
]

const IDS_IN_LIST =
  'in a list, ids would be a property of that name: write `hash: ids` as a step of its own'

const REMOVE: Change = { kind: 'remove' }

/** The properties that each choice of `ip` removes. Mixpanel places a user by `ip` and discards it. */
const ADDRESSES = { drop: ['ip', '$ip'], geo: ['$ip'], keep: [] } as const

/** Returns the paths of a step. */
export function pathsOf(step: PrivacyStep, keys: HashKeys): StepPaths {
  if ('remove' in step)
    return stepOf(
      'remove',
      listed(step.remove, 'remove', () => REMOVE),
    )
  if ('hash' in step) return hashPaths(step, keys)
  if ('mask' in step) return stepOf('mask', counted(step.mask, 'mask', maskBut))
  if ('truncate' in step) return stepOf('truncate', counted(step.truncate, 'truncate', cutAfter))
  return stepOf(
    'ip',
    listed(ADDRESSES[step.ip], 'ip', () => REMOVE),
  )
}

function hashPaths(
  { hash, key }: Extract<PrivacyStep, { hash: unknown }>,
  keys: HashKeys,
): StepPaths {
  const keyed = keys.hashOf(key)
  if ('fault' in keyed)
    return { ...stepOf('hash', []), problems: [{ path: ['key'], text: keyed.fault }] }
  const sources = hash === 'ids' ? IDS : hash
  const step = stepOf(
    'hash',
    listed(sources, 'hash', (source) => hashChange(source, keyed)),
  )
  const idsAt = sources.indexOf('ids')
  if (idsAt < 0) return step
  const problem = { path: ['hash', idsAt], text: IDS_IN_LIST }
  return { ...step, problems: [...step.problems, problem] }
}

function hashChange(source: string, keyed: Replace): Change {
  const replace = hashWith(keyed)
  const inLetter = hashInLetterWith(keyed)
  const isOfIds = IDS.includes(source.replace(/^\*\*\./, ''))
  if (!isOfIds) return { kind: 'replace', replace, inLetter }
  return { kind: 'replace', replace: unlessBad(replace), inLetter: unlessBad(inLetter) }
}

/**
 * Leaves a placeholder that Mixpanel refuses as an id. Its hash would become a user, and all who have
 * the placeholder would be one.
 */
function unlessBad(replace: Replace): Replace {
  return (id) => (BAD_ID.test(id) ? id : replace(id))
}

function listed(
  sources: readonly string[],
  step: string,
  changeOf: (source: string) => Change,
): Given[] {
  return sources.map((source, index) => ({ source, at: [step, index], change: changeOf(source) }))
}

function counted(
  counts: Readonly<Record<string, number>>,
  step: string,
  replaceOf: (count: number) => Replace,
): Given[] {
  return Object.entries(counts).map(([source, count]) => ({
    source,
    at: [step, source],
    change: { kind: 'replace', replace: replaceOf(count) },
  }))
}

function stepOf(name: string, given: readonly Given[]): StepPaths {
  const paths: StepPath[] = []
  const problems: Problem[] = []
  for (const { source, at, change } of given) {
    const read = readPath(source)
    if (read.kind === 'path') paths.push({ path: read.path, change })
    else problems.push({ path: at, text: `${read.text}: ${source}`, offset: read.offset })
  }
  return { name, paths, problems }
}

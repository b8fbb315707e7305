import { parse } from '@cdktf/hcl2json'
import { at, entriesAt } from './tree.ts'

/** The texts of the module's files by name, and the arguments that it is called with. */
export interface ModuleCall {
  readonly files: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, unknown>>
}

const parsed = memoized(parse)

/** The files of a module as JSON. Throws, with the place, when one can't be read. */
export function treesOf(files: ModuleCall['files']): Promise<readonly unknown[]> {
  return Promise.all(Object.entries(files).map(([name, text]) => parsed(name, text)))
}

/** Faults of the module that no deployment shows: a guard against removal that is missing. */
export async function faultsOfModule(files: ModuleCall['files']): Promise<readonly string[]> {
  const trees = await treesOf(files)
  const find = (...path: string[]) =>
    trees.map((tree) => at(tree, ...path)).find((node) => node !== undefined)
  const service = at(find('resource', 'google_cloud_run_v2_service', 'service'))
  const expected: readonly [string, unknown, unknown][] = [
    ['deletion_protection', at(service, 'deletion_protection'), `\${var.deletion_protection}`],
    ['deletion_protection', find('variable', 'deletion_protection', 'default'), true],
    ...['google_pubsub_subscription', 'google_pubsub_topic', 'google_storage_bucket'].flatMap(
      (type) =>
        entriesAt(find('resource', type)).map(([name, block]): [string, unknown, unknown] => [
          `prevent_destroy of ${type}.${name}`,
          at(block, 'lifecycle', 'prevent_destroy'),
          true,
        ]),
    ),
  ]
  return expected
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found]) => `${what} is ${found}`)
}

/** The arguments of the first module that an example calls, as far as they are plain values. */
export async function argumentsOf(example: string): Promise<Readonly<Record<string, unknown>>> {
  const tree = await parsed('main.tf', example)
  const {
    source: _,
    for_each: __,
    ...values
  } = Object.fromEntries(entriesAt(tree, 'module', 'mixpanel'))
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, at(value)]))
}

/** The names of the variables that the module has, and those that it needs. */
export async function variablesOf(files: ModuleCall['files']) {
  const trees = await treesOf(files)
  const variables = trees.flatMap((tree) => entriesAt(tree, 'variable'))
  return {
    all: variables.map(([name]) => name),
    required: variables.filter(([, one]) => at(one, 'default') === undefined).map(([name]) => name),
  }
}

function memoized(read: typeof parse): typeof parse {
  const known = new Map<string, ReturnType<typeof parse>>()
  return (name, text) => {
    const found = known.get(text) ?? read(name, text)
    known.set(text, found)
    return found
  }
}

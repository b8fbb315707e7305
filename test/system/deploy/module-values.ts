import { AGENT, URL_OF_SERVICE } from './deployment.ts'
import { evaluated } from './expression.ts'
import { at } from './tree.ts'

/** Gives parts of a module, and what their expressions come to. */
export interface ModuleValues {
  /** All resources, those of one type, one of them, or a part of one. */
  resource(...path: string[]): unknown
  /**
   * The value of an expression; anything but a text stands for itself. In a block that is repeated, the
   * member is `key` and `value` of an iterator, such as `each`.
   */
  read(node: unknown, iterators?: Iterators): unknown
}

type Iterators = Readonly<Record<string, Readonly<{ key: string; value: unknown }>>>

/** Reads a module that is called with these arguments. Google's own values are those of an example. */
export function createModuleValues(
  trees: readonly unknown[],
  values: Readonly<Record<string, unknown>>,
): ModuleValues {
  return { resource, read }

  function resource(...path: string[]): unknown {
    return find('resource', ...path)
  }

  function read(node: unknown, iterators: Iterators = {}): unknown {
    if (typeof node !== 'string') return node
    return evaluated(node, (reference) => {
      const [iterator = '', ...path] = reference.split('.')
      return iterator in iterators ? at(iterators[iterator], ...path) : lookup(reference)
    })
  }

  function find(...path: string[]): unknown {
    return trees.map((tree) => at(tree, ...path)).find((node) => node !== undefined)
  }

  function lookup(reference: string): unknown {
    const [kind = '', name = '', ...rest] = reference.replaceAll(/\[0\]/g, '').split('.')
    if (kind === 'var') return at(variable(name), ...rest) ?? optionalDefault(name, rest[0]) ?? null
    if (kind === 'local') return read(find('locals', name))
    return attribute(kind, name, rest[0] ?? '')
  }

  function variable(name: string): unknown {
    if (name in values) return values[name]
    return find('variable', name, 'default')
  }

  /** The default of an attribute of an object, which stands in the variable's type. */
  function optionalDefault(name: string, key: string | undefined): number | undefined {
    const type = String(find('variable', name, 'type'))
    const [, value] = new RegExp(`${key} *= *optional\\(number, (\\d+)\\)`).exec(type) ?? []
    return value === undefined ? undefined : Number(value)
  }

  /** An attribute that the file sets, or one that Google does. */
  function attribute(type: string, name: string, key: string): unknown {
    const block = resource(type, name)
    if (block === undefined) throw new Error(`no value: ${type}.${name}.${key}`)
    if (type === 'google_service_account') {
      const email = `${read(at(block, 'account_id'))}@${read(at(block, 'project'))}.iam.gserviceaccount.com`
      return key === 'member' ? `serviceAccount:${email}` : email
    }
    if (type === 'google_project_service_identity') return AGENT
    if (key === 'uri') return URL_OF_SERVICE
    if (key === 'version') return '1'
    if (key === 'id') return read(at(block, 'name')) ?? read(at(block, 'secret_id'))
    return read(at(block, key))
  }
}

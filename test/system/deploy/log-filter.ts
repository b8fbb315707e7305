import { at } from './tree.ts'

/**
 * Whether a log entry passes a filter of Cloud Logging. Knows what our filters use: `AND`,
 * `path="value"` and `path=("one" OR "other")`. Throws at anything else.
 */
export function passes(filter: string, entry: object): boolean {
  return filter.split(' AND ').every((part) => {
    const [, path = '', value] = /^([\w.]+)=("\w[^"]*"|\("[^()]*"\))$/.exec(part) ?? []
    if (value === undefined) throw new Error(`not understood: ${part}`)
    const values = [...value.matchAll(/"([^"]*)"/g)].map(([, one]) => one)
    return values.includes(String(at(entry, ...path.split('.'))))
  })
}

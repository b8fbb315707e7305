import { at } from './tree.ts'

const PART = /^(?<path>[\w.]+)(?:=(?<values>"\w[^"]*"|\("[^()]*"\))|>(?<least>\d+))$/

/**
 * Whether a log entry passes a filter of Cloud Logging. Knows what our filters use: `AND`,
 * `path="value"`, `path=("one" OR "other")` and `path>number`. Throws at anything else.
 */
export function passes(filter: string, entry: object): boolean {
  return filter.split(' AND ').every((part) => {
    const { path = '', values, least } = PART.exec(part)?.groups ?? {}
    const found = at(entry, ...path.split('.'))
    if (least !== undefined) return typeof found === 'number' && found > Number(least)
    if (values === undefined) throw new Error(`not understood: ${part}`)
    return [...values.matchAll(/"([^"]*)"/g)].some(([, one]) => one === String(found))
  })
}

/** The value that an extractor of a log-based metric takes from an entry, as `EXTRACT(path)`. */
export function extracted(extractor: string, entry: object): unknown {
  const [, path] = /^EXTRACT\(([\w.]+)\)$/.exec(extractor) ?? []
  if (path === undefined) throw new Error(`not understood: ${extractor}`)
  return at(entry, ...path.split('.'))
}

import { isObject } from '../../lib/json/is-object.ts'

/** Returns a text member of what the page has sent; empty when it has none. */
export function textIn(input: unknown, name: string): string {
  const value = memberIn(input, name)
  return typeof value === 'string' ? value : ''
}

/** Returns a member of what the page has sent; `undefined` when it has none. */
export function memberIn(input: unknown, name: string): unknown {
  return isObject(input) && Object.hasOwn(input, name) ? input[name] : undefined
}

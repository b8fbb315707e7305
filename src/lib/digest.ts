import { hash } from 'node:crypto'

/**
 * Returns 36 hexadecimal digits, the longest insert id that Mixpanel accepts. Parts that differ in
 * number, type or text hash differently: `['a', 'b']` is not `['ab']`, nor `['1']` `[1]`.
 */
export function hashId(parts: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 36)
}

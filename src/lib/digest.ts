import { hash } from 'node:crypto'

/**
 * 36 hexadecimal digits, as long as Mixpanel lets an insert id be. Parts that differ in number,
 * type or text hash differently: `['a', 'b']` is not `['ab']`, nor `['1']` `[1]`.
 */
export function hashId(parts: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 36)
}

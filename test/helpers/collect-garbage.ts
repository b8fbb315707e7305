import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Frees whatever nothing refers to, so that a `WeakRef` shows what is still held. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

import { createKeyedHash } from './keyed-hash.ts'
import type { Replace } from './path-tree.ts'
import { hashWith } from './replacements.ts'

export interface KeyOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether a key that is not set is a mistake, or replaced by a fixed one. */
  readonly keys: 'environment' | 'fixed'
}

/** The keys of a privacy section, by the names of their variables. */
export interface HashKeys {
  /** Returns the hash with a key, or what is wrong with the key. */
  hashOf(variable: string): Replace | Readonly<{ fault: string }>
  /** Returns the names of the variables for which the fixed key stands in, so far. */
  fixed(): readonly string[]
  /** Returns what `hash` makes of a text, under each key so far. */
  hashesOf(text: string): readonly string[]
}

/** The key of `test` and `check` where the real one is not at hand. It protects nothing. */
const FIXED_KEY = 'pubsub-mixpanel: a key for tests only'
/** The shortest key. A guess at a short one would undo the hashes of all known e-mail addresses. */
const LEAST_LENGTH = 8
/** The memory of recent hashes, for each key. */
const MEMORY_BYTES = 4 * 1024 * 1024

export function createHashKeys({ env, keys }: KeyOptions): HashKeys {
  const hashes = new Map<string, Replace>()
  const fixedNames = new Set<string>()

  return { hashOf, fixed: () => [...fixedNames], hashesOf }

  function hashOf(variable: string): Replace | Readonly<{ fault: string }> {
    const key = keyIn(variable)
    if (typeof key !== 'string') return key
    const hash = hashes.get(variable) ?? createKeyedHash(key, MEMORY_BYTES)
    hashes.set(variable, hash)
    return hash
  }

  function keyIn(variable: string): string | Readonly<{ fault: string }> {
    // A secret store often keeps the line break after a key. A command line leaves it out.
    const key = env[variable]?.trim()
    if (key && key.length < LEAST_LENGTH)
      return {
        fault: `${variable} has fewer than ${LEAST_LENGTH} characters: set a long random key`,
      }
    if (key) return key
    if (keys === 'environment')
      return { fault: `the environment variable ${variable} is not set: it must hold the key` }
    fixedNames.add(variable)
    return FIXED_KEY
  }

  function hashesOf(text: string): readonly string[] {
    return [...hashes.values()].map((hash) => hashWith(hash)(text))
  }
}

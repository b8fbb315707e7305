import { isNestedDeeperThan } from '../lib/json-scan.ts'

export type Parsed = Readonly<{ kind: 'json'; value: unknown } | { kind: 'not_json' }>

/**
 * V8 takes some 65 bytes of native memory for each level it descends: ten million brackets would
 * end the process. Below the first figure that is bearable; no event is nested like the second.
 */
const UNCHECKED_LENGTH = 1024 * 1024
const MAX_DEPTH = 1000

const NOT_JSON: Parsed = { kind: 'not_json' }

/** The value of a JSON text. Says nothing of why it is none: V8's messages quote their input. */
export function parseJson(text: string): Parsed {
  if (text.length > UNCHECKED_LENGTH && isNestedDeeperThan(MAX_DEPTH, text)) return NOT_JSON
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch {
    return NOT_JSON
  }
}

import { isTooDeep } from '../lib/json-scan.ts'

export type Parsed = Readonly<{ kind: 'json'; value: unknown } | { kind: 'not_json' }>

const NOT_JSON: Parsed = { kind: 'not_json' }

/** The value of a JSON text. Says nothing of why it is none: V8's messages quote their input. */
export function parseJson(text: string): Parsed {
  if (isTooDeep(text)) return NOT_JSON
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch {
    return NOT_JSON
  }
}

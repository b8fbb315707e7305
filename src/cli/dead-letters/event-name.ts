import type { StoredLetter } from '../../dead-letter/stored-letter.ts'

/** The beginning of most events. Reading it takes a tenth of the time of parsing the event. */
const NAME_FIRST = /^\s*\{\s*"event"\s*:\s*"([^"\\]*)"\s*[,}]/

/** Returns the name of the event in a letter; `undefined` when its text shows none. */
export function eventNameOf({ event }: Pick<StoredLetter, 'event'>): string | undefined {
  if (event === undefined) return undefined
  return NAME_FIRST.exec(event)?.[1] ?? nameIn(event)
}

function nameIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isNamed = typeof value === 'object' && value !== null && 'event' in value
    return isNamed && typeof value.event === 'string' ? value.event : undefined
  } catch {
    return undefined
  }
}

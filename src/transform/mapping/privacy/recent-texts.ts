/** A memory of what was made of recent texts. */
export interface RecentTexts<Made> {
  recall(text: string): Made | undefined
  remember(text: string, made: Made): void
}

/** The rough memory of an entry beside its text. */
const ENTRY_BYTES = 200
/** The length from which V8 keeps a part of a text as a place in the whole text. */
const SHARED_LENGTH = 13

/**
 * Makes an empty memory of at most `maxBytes`. When its newer half is full, it forgets the older one,
 * but for the texts that were recalled meanwhile.
 */
export function createRecentTexts<Made>(maxBytes: number): RecentTexts<Made> {
  let newer = new Map<string, Made>()
  let older = new Map<string, Made>()
  let bytes = 0

  return { recall, remember }

  function recall(text: string): Made | undefined {
    const made = newer.get(text)
    if (made !== undefined) return made
    const old = older.get(text)
    if (old !== undefined) remember(text, old)
    return old
  }

  function remember(text: string, made: Made): void {
    const size = 2 * text.length + ENTRY_BYTES
    if (bytes + size > maxBytes / 2) {
      older = newer
      newer = new Map()
      bytes = 0
    }
    newer.set(text.length < SHARED_LENGTH ? text : copyOf(text), made)
    bytes += size
  }
}

/** Copies a text: a part of an event, as which it came, would keep the whole event in memory. */
function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}

/** A memory of what was made of recent texts. */
export interface RecentTexts<Made> {
  recall(text: string): Made | undefined
  remember(text: string, made: Made): void
}

/** The rough memory of an entry beside its text. */
const ENTRY_BYTES = 200

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
    // A part of an event, as which the text came, would keep the whole event in memory.
    newer.set(Buffer.from(text, 'utf16le').toString('utf16le'), made)
    bytes += size
  }
}

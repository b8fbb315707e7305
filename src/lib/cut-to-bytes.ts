/**
 * Returns the longest beginning of a text that has at most `maxBytes` in UTF-8, without cutting a
 * character. The result is a copy: a slice would keep the whole text in memory.
 */
export function cutToBytes(text: string, maxBytes: number): string {
  // A character has at least one byte, so the rest is not needed.
  const bytes = Buffer.from(text.slice(0, maxBytes + 1))
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && isContinuation(bytes[end])) end -= 1
  return bytes.toString('utf8', 0, end)
}

function isContinuation(byte = 0): boolean {
  return (byte & 0b1100_0000) === 0b1000_0000
}

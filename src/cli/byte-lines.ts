import { UserMistake } from './frame/io.ts'

const NEW_LINE = 0x0a

/**
 * Yields the lines of a stream, byte for byte, without their ends; holds one line at a time. Throws
 * a `UserMistake` when a line is longer than `maxBytes`.
 */
export async function* byteLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  let number = 1
  let begun: Uint8Array[] = []
  let bytes = 0

  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, from)) {
      add(chunk.subarray(from, end))
      yield line()
      from = end + 1
    }
    add(chunk.subarray(from))
  }
  if (bytes > 0) yield line()

  function add(part: Uint8Array): void {
    bytes += part.length
    if (bytes > maxBytes) throw new UserMistake(`line ${number} is longer than ${maxBytes} bytes`)
    begun.push(part)
  }

  function line(): Buffer {
    const whole = Buffer.concat(begun)
    begun = []
    bytes = 0
    number += 1
    return whole
  }
}

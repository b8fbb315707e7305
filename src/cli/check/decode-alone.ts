import type { Decode } from '../../decode/decode.ts'
import type { MessageBytes } from '../../lib/byte-budget.ts'
import type { Decoded } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'

/** Stands for the byte budget of a service that has nothing else to do. */
const UNSHARED: MessageBytes = {
  add: () => {},
  giveBack: () => {},
  reserve: async () => true,
  tryReserve: () => true,
  commit: () => {},
  cancel: () => {},
  release: () => {},
}

/** Decodes a message as a service that has nothing else to do. It has no deadline. */
export async function decodeAlone(
  decode: Decode,
  message: Message,
): Promise<Exclude<Decoded, { kind: 'out_of_time' }>> {
  const decoded = await decode(message, UNSHARED, () => true)
  if (decoded.kind !== 'out_of_time') return decoded
  throw new TypeError('a decode without a deadline ran out of time')
}

import type { Found } from '../../dead-letter/subscription-letters.ts'
import type { Io } from '../frame/io.ts'
import type { LetterReading } from './letter-source.ts'

/** Takes all that a reading finds, until the command is ended. */
export async function readChunks(
  { read }: Pick<LetterReading, 'read'>,
  { ending }: Pick<Io, 'ending'>,
  take: (found: Found) => void,
): Promise<void> {
  for await (const chunk of read()) {
    ending().throwIfAborted()
    if (chunk !== 'pause') for (const found of chunk) take(found)
  }
}

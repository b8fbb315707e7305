import type { Clock } from '../lib/clock.ts'
import type { FeedEvent } from './event-line.ts'
import { letterEvent } from './feed-events.ts'
import { createLetterReader } from './letter-reader.ts'

const LOOK_EVERY_MS = 200

/**
 * Reports the dead letters that are written into a folder from now on. Returns how to stop, which
 * reports the last ones.
 */
export function watchLetters(
  folder: string,
  { after }: Pick<Clock, 'after'>,
  report: (event: FeedEvent) => void,
): () => void {
  const reader = createLetterReader(folder)
  reader.readNew()
  let cancel = after(LOOK_EVERY_MS, look)
  return () => {
    cancel()
    reportNew()
  }

  function look(): void {
    reportNew()
    cancel = after(LOOK_EVERY_MS, look)
  }

  function reportNew(): void {
    for (const letter of reader.readNew()) report(letterEvent(letter))
  }
}

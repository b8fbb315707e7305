import { hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'

/** The tokens that have been verified, by their SHA-256. The tokens themselves are not kept. */
export interface VerifiedTokens {
  /** Whether a token is remembered and has not expired. */
  includes(token: string): boolean
  /** Remembers a token until the instant `until`, in epoch ms. */
  remember(token: string, until: number): void
}

/** The most tokens. Pub/Sub uses a token for up to an hour, so only a few are in use at once. */
const MAX_TOKENS = 1000

/** Makes a memory of bounded size, which forgets the oldest first. */
export function createVerifiedTokens(
  clock: Pick<Clock, 'now'>,
  maxTokens = MAX_TOKENS,
): VerifiedTokens {
  const untilByHash = new Map<string, number>()

  return {
    includes(token) {
      const until = untilByHash.get(hashOf(token))
      return until !== undefined && clock.now() < until
    },
    remember(token, until) {
      const key = hashOf(token)
      // The key is deleted and set again: a Map keeps the first place of a key, and its first key
      // is the oldest.
      untilByHash.delete(key)
      untilByHash.set(key, until)
      for (const oldest of untilByHash.keys()) {
        if (untilByHash.size <= maxTokens) return
        untilByHash.delete(oldest)
      }
    },
  }
}

function hashOf(token: string): string {
  return hash('sha256', token, 'binary')
}

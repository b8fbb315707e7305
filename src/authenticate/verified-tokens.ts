import { hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'

/** Tokens that have been verified, known by their SHA-256: the tokens themselves are not kept. */
export interface VerifiedTokens {
  /** Whether a token was remembered and its time is not up. */
  includes(token: string): boolean
  /** Remembers a token until the instant `until`, in epoch ms. */
  remember(token: string, until: number): void
}

/** Pub/Sub uses a token for up to an hour, so a handful are in use at once. */
const MAX_TOKENS = 1000

/** A memory of bounded size, from which the oldest falls out. */
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
      // Out and in again: a Map keeps the first place of a key, and the first is the oldest.
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

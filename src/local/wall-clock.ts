import { setTimeout } from 'node:timers/promises'

/** Milliseconds since the epoch. The local world has its own clock: it imports nothing of ours. */
export function wallNow(): number {
  return Date.now()
}

/** Resolves after `ms`; does not keep the process alive. */
export async function wallWait(ms: number): Promise<void> {
  await setTimeout(ms, undefined, { ref: false })
}

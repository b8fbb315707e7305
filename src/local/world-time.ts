import { wallAfter, wallElapsed, wallNow } from './wall-clock.ts'

/** The time of the local world. Its durations are in the world's milliseconds. */
export interface WorldTime {
  /** Epoch ms. */
  now(): number
  wait(ms: number): Promise<void>
  /** Runs `task` once after `ms`; the returned function calls it off. */
  after(ms: number, task: () => void): () => void
}

export interface WorldTimeOptions {
  /** World milliseconds per real millisecond: with 60, an hour takes a minute. 1 when absent. */
  readonly speed?: number
  /** Epoch ms at which the world starts; now when absent. */
  readonly startAt?: number
}

/** The real time that the world's time is made from. */
export interface Wall {
  /** Epoch ms. */
  now(): number
  /** Real ms of a monotonic clock. */
  elapsed(): number
  after(ms: number, task: () => void): () => void
}

const WALL: Wall = { now: wallNow, elapsed: wallElapsed, after: wallAfter }

/** Creates a time that runs at `speed` times real time. Its timers keep no process alive. */
export function createWorldTime(options: WorldTimeOptions = {}, wall: Wall = WALL): WorldTime {
  const { speed = 1, startAt = wall.now() } = options
  const startedAt = wall.elapsed()

  return {
    now: () => startAt + Math.floor((wall.elapsed() - startedAt) * speed),
    wait: (ms) => new Promise((resolve) => after(ms, resolve)),
    after,
  }

  function after(ms: number, task: () => void): () => void {
    return wall.after(Math.ceil(ms / speed), task)
  }
}

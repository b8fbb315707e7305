/** The memory of the service at the end of one minute of load, in MiB. */
export interface MemoryOfMinute {
  readonly rssMiB: number
  /** After a collection of garbage: what the service holds. */
  readonly heapMiB: number
  readonly externalMiB: number
  /** The number of pushes not answered 204. */
  readonly failed: number
}

/** The minutes in which the service fills its memories of settled messages and of tokens. */
const WARM_UP_MINUTES = 3
/** The gain between two collections of garbage that counts as noise. */
const NOISE_MIB = 4

/** Whether the service holds more at the end than after the first minutes. */
export function grows(minutes: readonly MemoryOfMinute[]): boolean {
  const held = minutes.map(({ heapMiB, externalMiB }) => heapMiB + externalMiB)
  const early = Math.max(...held.slice(0, WARM_UP_MINUTES))
  const late = Math.min(...held.slice(-WARM_UP_MINUTES))
  return late > early + NOISE_MIB
}

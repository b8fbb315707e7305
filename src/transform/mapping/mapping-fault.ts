import { isRawNumber } from './expressions/exact-numbers.ts'

/**
 * The reason why a rule rejects an event that it matched, or could not judge. Its text names the
 * place in the file, and holds nothing of the event.
 */
export class MappingFault extends Error {
  readonly effect: FaultEffect

  constructor(effect: FaultEffect, text: string) {
    super(text)
    this.effect = effect
  }
}

/** `absent` stands for a value that the event needs and that is null. */
export type FaultEffect = 'absent' | 'error'

/** Returns the fault to throw. `text` must not depend on the values of the event. */
export type FaultAt = (effect: FaultEffect, text: string) => MappingFault

/**
 * Makes the faults of one place in the file. Equal faults are one object: a fault costs
 * microseconds to make, and the same values are absent from many events.
 */
export function createFaults(place: string): FaultAt {
  const faults = new Map<string, MappingFault>()
  return (effect, text) => {
    const known = faults.get(text)
    if (known !== undefined) return known
    const fault = new MappingFault(effect, `${place}: ${text}`)
    faults.set(text, fault)
    return fault
  }
}

/** Returns the type of a JSON value other than null, for people. */
export function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'boolean') return 'true or false'
  return typeof value === 'object' && !isRawNumber(value) ? 'an object' : 'a number'
}

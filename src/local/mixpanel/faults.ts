import type { Answer } from '../answer.ts'

/** How a stand-in treats a request to `/import` when it is told to behave badly. */
export type Behaviour = Readonly<
  /** Answers this and imports nothing, whatever was sent. */
  | ({ kind: 'status' } & Answer)
  /** Never answers; the socket stays open until the stand-in is closed. Imports nothing. */
  | { kind: 'hang' }
  /** Waits, then imports and answers as normal. */
  | { kind: 'delay'; ms: number }
  /** Refuses whole, and names nobody, what holds an event of this name; imports all else. */
  | { kind: 'poison'; event: string }
  /** Imports so many events at most, is content with that, and says how many. */
  | { kind: 'shortfall'; imported: number }
  | { kind: 'reset_before_import' }
  | { kind: 'reset_after_import' }
  /** Imports, sends half of the answer and destroys the socket. */
  | { kind: 'cut_off' }
  /** Imports as normal at once, and holds the answer until `release`. */
  | { kind: 'gate' }
>

export interface Faults {
  /** The next `times` requests are treated so; what was asked for earlier comes first. */
  answerNext(times: number, behaviour: Behaviour): void
  /** Every request is treated so, once what `answerNext` asked for is used up. */
  answerAlways(behaviour: Behaviour | 'normally'): void
  /** How the request at hand is to be treated. */
  next(): Behaviour | 'normally'
  /** Resolves at the next `release`. */
  held(): Promise<void>
  /** Sends every held answer and opens the gates asked for so far: nothing is held any more. */
  release(): void
}

/** No faults, until asked for. */
export function createFaults(): Faults {
  let queue: Behaviour[] = []
  let always: Behaviour | 'normally' = 'normally'
  let gate = Promise.withResolvers<void>()

  return {
    answerNext: (times, behaviour) => queue.push(...Array.from({ length: times }, () => behaviour)),
    answerAlways: (behaviour) => {
      always = behaviour
    },
    next: () => queue.shift() ?? always,
    held: () => gate.promise,
    release,
  }

  function release(): void {
    queue = queue.filter(({ kind }) => kind !== 'gate')
    if (always !== 'normally' && always.kind === 'gate') always = 'normally'
    gate.resolve()
    gate = Promise.withResolvers<void>()
  }
}

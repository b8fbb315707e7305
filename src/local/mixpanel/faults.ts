import type { Answer } from '../answer.ts'
import type { OddAnswer } from './odd-answers.ts'

/** How a stand-in treats a request to `/import` when it is told to behave badly. */
export type Behaviour = Readonly<
  /** Answers this and imports nothing, whatever was sent. */
  | ({ kind: 'status' } & Answer)
  /** Answers as in a table of odd answers, which says whether it imports. */
  | { kind: 'odd'; answer: OddAnswer }
  /** Imports nothing and answers as above the quota; how long to wait is told where switched on. */
  | { kind: 'throttle'; retryInMs: number }
  /** Never answers; the socket stays open until the stand-in is closed. Imports nothing. */
  | { kind: 'hang' }
  /** Waits, then imports and answers as normal. */
  | { kind: 'delay'; ms: number }
  /** Imports at once, and waits before it says so. */
  | { kind: 'slow_answer'; ms: number }
  /**
   * Imports so many events at most, is content with that, and says how many. With `once` it
   * imports besides what it has withheld before, as known by insert ids.
   */
  | { kind: 'shortfall'; imported: number; once?: boolean }
  | { kind: 'reset_before_import' }
  | { kind: 'reset_after_import' }
  /** Imports, sends half of the answer and destroys the socket. */
  | { kind: 'cut_off' }
  /** Imports as normal at once, and holds the answer until `release`. */
  | { kind: 'gate' }
>

/** A behaviour, and for how many requests. */
export interface Planned {
  readonly behaviour: Behaviour
  readonly times: number
}

export interface Faults {
  /** The next `times` requests are treated so; what was asked for earlier comes first. */
  answerNext(times: number, behaviour: Behaviour): void
  /** Every request is treated so, once what `answerNext` asked for is used up. */
  answerAlways(behaviour: Behaviour | 'normally'): void
  /** How the request at hand is to be treated. */
  next(): Behaviour | 'normally'
  /** What is asked for and not used up, in order; then what `answerAlways` was told. */
  plan(): { readonly next: readonly Planned[]; readonly always: Behaviour | 'normally' }
  /** Resolves at the next `release`. */
  held(): Promise<void>
  /** Sends every held answer and opens the gates asked for so far: nothing is held any more. */
  release(): void
  /** As `release`, and forgets all else that was asked for. */
  clear(): void
}

/** No faults, until asked for. */
export function createFaults(): Faults {
  let queue: Planned[] = []
  let always: Behaviour | 'normally' = 'normally'
  let gate = Promise.withResolvers<void>()

  return {
    answerNext,
    answerAlways: (behaviour) => {
      always = behaviour
    },
    next,
    plan: () => ({ next: queue, always }),
    held: () => gate.promise,
    release,
    clear,
  }

  function answerNext(times: number, behaviour: Behaviour): void {
    if (times > 0) queue = [...queue, { behaviour, times }]
  }

  function next(): Behaviour | 'normally' {
    const [first, ...rest] = queue
    if (first === undefined) return always
    const { behaviour, times } = first
    queue = times === 1 ? rest : [{ behaviour, times: times - 1 }, ...rest]
    return behaviour
  }

  function release(): void {
    queue = queue.filter(({ behaviour }) => behaviour.kind !== 'gate')
    if (always !== 'normally' && always.kind === 'gate') always = 'normally'
    gate.resolve()
    gate = Promise.withResolvers<void>()
  }

  function clear(): void {
    release()
    queue = []
    always = 'normally'
  }
}

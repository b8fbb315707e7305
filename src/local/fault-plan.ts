/** A behaviour, and for how many requests. */
export interface Planned<Behaviour> {
  readonly behaviour: Behaviour
  readonly times: number
}

/** How a stand-in treats the requests to come. */
export interface FaultPlan<Behaviour> {
  /** The next `times` requests are treated so; what was asked for earlier comes first. */
  answerNext(times: number, behaviour: Behaviour): void
  /** Every request is treated so, once what `answerNext` asked for is used up. */
  answerAlways(behaviour: Behaviour | 'normally'): void
  /** How the request at hand is to be treated. */
  next(): Behaviour | 'normally'
  /** What is asked for and not used up, in order; then what `answerAlways` was told. */
  plan(): { readonly next: readonly Planned<Behaviour>[]; readonly always: Behaviour | 'normally' }
  /** Resolves at the next `release`. */
  held(): Promise<void>
  /** Sends every held answer and opens the gates asked for so far: nothing is held any more. */
  release(): void
  /** As `release`, and forgets all else that was asked for. */
  clear(): void
}

/** No faults, until asked for. A behaviour called `gate` is one whose answer is held. */
export function createFaultPlan<
  Behaviour extends { readonly kind: string },
>(): FaultPlan<Behaviour> {
  let queue: Planned<Behaviour>[] = []
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

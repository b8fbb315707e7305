/** A behaviour, and the number of requests that it is for. */
export interface Planned<Behaviour> {
  readonly behaviour: Behaviour
  readonly times: number
}

/** The treatment of the requests to come. */
export interface FaultPlan<Behaviour> {
  /** Treats the next `times` requests so, after those of earlier calls. */
  answerNext(times: number, behaviour: Behaviour): void
  /** Treats every request so, once the calls of `answerNext` are used up. */
  answerAlways(behaviour: Behaviour | 'normally'): void
  /** Returns the treatment of the present request, and uses it up. */
  next(): Behaviour | 'normally'
  /** The calls of `answerNext` that are not used up, in order, and the last `answerAlways`. */
  plan(): { readonly next: readonly Planned<Behaviour>[]; readonly always: Behaviour | 'normally' }
  /** Resolves at the next `release`. */
  held(): Promise<void>
  /** Sends every held answer, and ends the gates asked for so far. */
  release(): void
  /** Does what `release` does, and forgets all other requested behaviours. */
  clear(): void
}

/** Creates a plan without faults. A behaviour of kind `gate` holds its answer until `release`. */
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

import type { Answer } from '../answer.ts'

/** How a stand-in treats a request about a topic when it is told to behave badly. */
export type TopicBehaviour = Readonly<
  /** Answers this and stores nothing, whatever was sent. */
  | ({ kind: 'status' } & Answer)
  /** Never answers; the socket stays open until the stand-in is closed. Stores nothing. */
  | { kind: 'hang' }
  | { kind: 'reset' }
  /** Stores, sends half of the answer and destroys the socket. */
  | { kind: 'cut_off' }
  /** Stores, and leaves the last id out of the answer. */
  | { kind: 'confirm_fewer' }
  /** Stores at once, and holds the answer until `release`. */
  | { kind: 'gate' }
>

export interface TopicFaults {
  /** The next `times` requests are treated so; what was asked for earlier comes first. */
  answerNext(times: number, behaviour: TopicBehaviour): void
  /** Every request is treated so, once what `answerNext` asked for is used up. */
  answerAlways(behaviour: TopicBehaviour | 'normally'): void
  next(): TopicBehaviour | 'normally'
  /** Resolves at the next `release`. */
  held(): Promise<void>
  /** Sends every held answer, and holds none from now on. */
  release(): void
}

/** No faults, until asked for. */
export function createTopicFaults(): TopicFaults {
  const queue: TopicBehaviour[] = []
  let always: TopicBehaviour | 'normally' = 'normally'
  let gate = Promise.withResolvers<void>()

  return {
    answerNext: (times, behaviour) => queue.push(...Array.from({ length: times }, () => behaviour)),
    answerAlways: (behaviour) => {
      always = behaviour
    },
    next: () => queue.shift() ?? always,
    held: () => gate.promise,
    release() {
      if (always !== 'normally' && always.kind === 'gate') always = 'normally'
      gate.resolve()
      gate = Promise.withResolvers<void>()
    },
  }
}

import type { Answer } from '../answer.ts'

/** The treatment of a request about a topic by a stand-in that is told to behave badly. */
export type TopicBehaviour = Readonly<
  /** Answers this and stores nothing. */
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

import type { Answer } from '../answer.ts'
import type { OddAnswer } from './odd-answers.ts'

/** The treatment of a request to `/import` by a stand-in that is told to behave badly. */
export type Behaviour = Readonly<
  /** Answers this and imports nothing. */
  | ({ kind: 'status' } & Answer)
  /** Answers as the table of odd answers says, which also says whether it imports. */
  | { kind: 'odd'; answer: OddAnswer }
  /** Imports nothing and answers as above the quota; a switch adds `Retry-After`. */
  | { kind: 'throttle'; retryInMs: number }
  /** Never answers; the socket stays open until the stand-in is closed. Imports nothing. */
  | { kind: 'hang' }
  /** Waits, then imports and answers as normal. */
  | { kind: 'delay'; ms: number }
  /** Imports at once, and waits before it answers. */
  | { kind: 'slow_answer'; ms: number }
  /**
   * Imports at most so many events, and answers 200 with their number. With `once` it also imports
   * the events that it has left out before, known by their insert ids.
   */
  | { kind: 'shortfall'; imported: number; once?: boolean }
  /**
   * Imports at most so many of the good events and lists only the first bad one, so that the answer
   * accounts for fewer events than were sent. A request without a bad event, or refused whole, is
   * answered as normal.
   */
  | { kind: 'unbalanced'; imported: number }
  | { kind: 'reset_before_import' }
  | { kind: 'reset_after_import' }
  /** Imports, sends half of the answer and destroys the socket. */
  | { kind: 'cut_off' }
  /** Imports as normal at once, and holds the answer until `release`. */
  | { kind: 'gate' }
>

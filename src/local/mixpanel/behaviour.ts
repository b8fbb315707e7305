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
  /**
   * Imports so many of the good events at most and lists only the first bad one, so that the answer
   * accounts for fewer events than were sent. What holds no bad event, or is refused whole, is
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

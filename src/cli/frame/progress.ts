import type { Clock } from '../../lib/clock.ts'
import { numberText } from './count-text.ts'
import type { Output } from './io.ts'

/** The state of a long piece of work. `done` and `total` count the same thing, `noun`. */
export interface Work {
  readonly done: number
  /** Absent when it is not known: a pipe has no length. */
  readonly total?: number
  /** A plural, like `events`. */
  readonly noun: string
}

/** Says on stderr how far a piece of work is. */
export interface Progress {
  /** Removes the line from the terminal, before something else is printed there. */
  hide(): void
  /** Ends it, and removes the line from the terminal. */
  close(): void
}

export interface ProgressDeps {
  readonly stderr: Output
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  /** Asked at each redraw. */
  readonly work: () => Work
}

const REDRAW_MS = 250
const NEXT_LINE_MS = 10_000
const CLEAR_LINE = '\r\u001b[2K'

/**
 * Starts to tell. On a terminal it redraws one line four times a second; elsewhere it prints a line
 * each ten seconds.
 */
export function startProgress({ stderr, clock, work }: ProgressDeps): Progress {
  const startedAt = clock.monotonic()
  let isShown = false
  let cancel = next()

  return { hide, close }

  function next(): () => void {
    return clock.after(stderr.isTerminal ? REDRAW_MS : NEXT_LINE_MS, tell)
  }

  function tell(): void {
    const text = progressText(work(), clock.monotonic() - startedAt)
    if (stderr.isTerminal) stderr.write(`${CLEAR_LINE}${text.slice(0, stderr.width() - 1)}`)
    else stderr.print(text)
    isShown = stderr.isTerminal
    cancel = next()
  }

  function hide(): void {
    if (isShown) stderr.write(CLEAR_LINE)
    isShown = false
  }

  function close(): void {
    cancel()
    hide()
  }
}

/** Returns the line: how much is done, the rate since the start, and the time left. */
export function progressText({ done, total, noun }: Work, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (done * 1_000) / elapsedMs : 0
  const parts = [
    total === undefined ? `${count(done)} ${noun}` : `${count(done)} of ${count(total)} ${noun}`,
    `${rate < 10 ? rate.toFixed(1) : count(rate)} a second`,
  ]
  if (total === undefined || rate === 0) return parts.join(' · ')
  return [...parts, `${durationText(Math.max(0, total - done) / rate)} left`].join(' · ')
}

function count(number: number): string {
  return numberText(Math.floor(number))
}

/** Formats as `8 s`, `3 min 20 s` or `2 h 5 min`. */
function durationText(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}

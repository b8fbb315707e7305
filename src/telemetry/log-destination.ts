import type { Clock } from '../lib/clock.ts'
import type { LineSink } from './line-sinks.ts'

/**
 * The destination of the logger's lines. It never blocks, never throws, and holds a bounded part of
 * the log.
 */
export interface LogDestination {
  /** Writes one line, with its line feed. The line is dropped when it cannot be written. */
  write(line: string): void
  /** Returns the number of lines that were dropped so far. */
  dropped(): number
  /** Resolves when all lines are written or dropped, and after `ms` at the latest. */
  flush(ms: number): Promise<void>
}

/**
 * Makes a destination in front of a sink. When lines were dropped, a line that says so precedes the
 * next line that the sink takes.
 */
export function createLogDestination(sink: LineSink, clock: Clock): LogDestination {
  let dropped = 0
  let reported = 0

  return { write, dropped: () => dropped, flush }

  function write(line: string): void {
    const unreported = dropped - reported
    const lines = unreported === 0 ? line : `${reportOn(unreported)}\n${line}`
    if (sink.take(lines, drop)) reported += unreported
    else drop()
  }

  function drop(): void {
    dropped += 1
  }

  function reportOn(lines: number): string {
    const time = new Date(clock.now()).toISOString()
    const message = 'log lines were dropped: the log could not be written'
    return JSON.stringify({ severity: 'WARNING', time, event: 'log_lines_dropped', lines, message })
  }

  function flush(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve)
      sink.whenWritten(() => {
        cancel()
        resolve()
      })
    })
  }
}

import type { Clock } from '../lib/clock.ts'
import type { LineSink } from './line-sinks.ts'

/** Where the logger writes to. Never blocks, never throws, and holds a bounded part of the log. */
export interface LogDestination {
  /** One line, with its line feed. It is dropped when it cannot be written. */
  write(line: string): void
  /** Lines that were dropped so far. */
  dropped(): number
  /** Resolves when all lines are written or dropped, and after `ms` at the latest. */
  flush(ms: number): Promise<void>
}

/** Lines go to the sink; a line about those that were dropped precedes the next one that it takes. */
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
      const callOff = clock.after(ms, resolve)
      sink.whenWritten(() => {
        callOff()
        resolve()
      })
    })
  }
}

import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { isatty } from 'node:tty'

/** A place where log lines are written, which never makes the caller wait. */
export interface LineSink {
  /**
   * Takes lines, which end in a line feed. Returns `false` when they cannot be written now. `lost`
   * is called when they were taken and could not be written after all.
   */
  take(lines: string, lost: () => void): boolean
  /** Calls `done` when all lines that were taken are written or lost. */
  whenWritten(done: () => void): void
}

/** The most characters that wait for a reader. */
const MAX_WAITING = 1024 * 1024
const STDOUT = 1

/**
 * Makes the sink of this process's standard output. A pipe that nobody reads must not block the
 * process.
 */
export function createStdoutSink(): LineSink {
  const stats = fstatSync(STDOUT)
  if (stats.isFIFO() || stats.isSocket() || isatty(STDOUT)) return createStreamSink(process.stdout)
  return createFileSink((bytes) => writeSync(STDOUT, bytes))
}

/**
 * Makes a sink for a pipe, a socket or a terminal. When too many characters wait, it takes no line
 * until all of them are written. A stream that has failed stays failed: its reader does not come
 * back.
 */
export function createStreamSink(stream: Writable): LineSink {
  let isFull = false
  let hasFailed = false
  stream.on('error', () => {
    hasFailed = true
  })

  return { take, whenWritten }

  function take(lines: string, lost: () => void): boolean {
    const waiting = stream.writableLength
    if (waiting === 0) isFull = false
    else if (waiting + lines.length > MAX_WAITING) isFull = true
    if (isFull || hasFailed) return false
    stream.write(lines, (error) => {
      if (error) lost()
    })
    return true
  }

  function whenWritten(done: () => void): void {
    if (hasFailed) done()
    else stream.write('', done)
  }
}

/**
 * Makes a sink for a file, or a device like `/dev/full`. `write` writes some of the bytes at once,
 * or throws.
 */
export function createFileSink(write: (bytes: Uint8Array) => number): LineSink {
  /** Whether the file ends in a part of a line. */
  let isTorn = false

  return { take, whenWritten: (done) => done() }

  function take(lines: string): boolean {
    const bytes = Buffer.from(isTorn ? `\n${lines}` : lines)
    const written = writeWhile(bytes)
    if (written > 0) isTorn = written < bytes.length
    return written === bytes.length
  }

  function writeWhile(bytes: Uint8Array): number {
    let written = 0
    try {
      for (let step = 1; step > 0 && written < bytes.length; written += step) {
        step = write(bytes.subarray(written))
      }
    } catch {
      // The disk may be full, for example. The lines count as lost.
    }
    return written
  }
}

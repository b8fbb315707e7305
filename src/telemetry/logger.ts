import pino, { type DestinationStream, type LogFn, type Logger } from 'pino'

/** Google Cloud Logging's severities for pino's levels. */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
}

/**
 * Makes a logger that writes one JSON object a line, with the fields that Cloud Logging reads. An
 * error is written as its type, code, status and stack: an HTTP client's error also carries the
 * request and its credentials.
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
  const options = {
    level,
    messageKey: 'message',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }) },
    serializers: { err: safeError },
    hooks: { logMethod: withoutErrorMessage },
  }
  return pino(options, destination)
}

/**
 * Returns the parts of an error that may be logged. The message is not one of them: it may quote an
 * event.
 */
export function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error ? scalarOf(error.code) : undefined
  const status = 'status' in error ? scalarOf(error.status) : undefined
  return { type: error.name, code, status, stack: framesOf(error) }
}

function scalarOf(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

/**
 * Returns the frames of a stack without its head, which repeats the message. A line of the message
 * may look like a frame.
 */
function framesOf({ stack = '', message }: Error): string {
  const messageAt = stack.indexOf(message)
  if (messageAt === -1) return ''
  const lines = stack.slice(messageAt + message.length).split('\n')
  return lines.filter((line) => line.startsWith('    at ')).join('\n')
}

/**
 * Gives the line of an error a text of its own. Without one, pino would use the message of the
 * error.
 */
function withoutErrorMessage(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [fields, text] = args
  if (text === undefined && holdsError(fields)) method.call(this, fields, 'an error')
  else method.apply(this, args)
}

function holdsError(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null) return false
  return fields instanceof Error || 'err' in fields
}

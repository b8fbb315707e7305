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
 * One JSON object a line, with the fields Cloud Logging reads. An error is written as its type,
 * code, status and stack: an HTTP client's error also carries the request and its credentials.
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

/** The parts of an error that may be written down. Its message is none: it may quote an event. */
export function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error ? scalarOf(error.code) : undefined
  const status = 'status' in error ? scalarOf(error.status) : undefined
  return { type: error.name, code, status, stack: framesOf(error) }
}

function scalarOf(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

/** The stack without its head, which repeats the message; a line of it may look like a frame. */
function framesOf({ stack = '', message }: Error): string {
  const messageAt = stack.indexOf(message)
  if (messageAt === -1) return ''
  const lines = stack.slice(messageAt + message.length).split('\n')
  return lines.filter((line) => line.startsWith('    at ')).join('\n')
}

/** Without a text of its own, pino would give a line the message of its error. */
function withoutErrorMessage(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [fields, text] = args
  if (text === undefined && holdsError(fields)) method.call(this, fields, 'an error')
  else method.apply(this, args)
}

function holdsError(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null) return false
  return fields instanceof Error || 'err' in fields
}

import pino, { type DestinationStream, type LogFn, type Logger } from 'pino'
import { VERSION } from '../version.ts'

/** The program that wrote a line, in the words of Error Reporting. */
export interface ServiceContext {
  readonly service: string
  readonly version: string
}

/** Google Cloud Logging's severities for pino's levels. */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
}
const ERROR_LEVEL = 50
const TYPE = /^[A-Z][A-Za-z\d]{1,63}$/
const CODE = /^[A-Z][A-Z\d_]{1,63}$/
const OFF_CLOUD_RUN: ServiceContext = { service: 'pubsub-mixpanel', version: VERSION }

/**
 * The fields of a line about a bug. Error Reporting takes a line of this type as an error of the
 * program, so a fault of Mixpanel must not have it
 * (https://cloud.google.com/error-reporting/docs/formatting-error-messages).
 */
export const BUG = {
  event: 'bug',
  '@type': 'type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent',
} as const

/**
 * Makes a logger that writes one JSON object a line, with the fields that Cloud Logging reads. An
 * error is written as its type, code, status and stack: an HTTP client's error also carries the
 * request and its credentials. `serviceContext` goes into each line of an error.
 */
export function createLogger(
  level: string,
  destination: DestinationStream,
  serviceContext = OFF_CLOUD_RUN,
): Logger {
  const options = {
    level,
    messageKey: 'message',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }) },
    serializers: { err: facts },
    hooks: { logMethod },
  }
  return pino(options, destination)

  /**
   * Adds the fields of Error Reporting. The line of an error has a text of its own: without one,
   * pino would use the message of the error.
   */
  function logMethod(this: Logger, args: Parameters<LogFn>, method: LogFn, level: number): void {
    const [first, text] = args
    const context = level >= ERROR_LEVEL ? { serviceContext } : {}
    if (typeof first === 'string') method.call(this, context, first)
    else if (!holdsError(first)) method.call(this, { ...Object(first), ...context }, text)
    else {
      const fields = first instanceof Error ? { err: first } : first
      const { err } = fields
      const said = text ?? 'an error'
      method.call(this, { ...fields, ...stackTraceOf(err, said), ...context }, said)
    }
  }
}

/**
 * Returns the parts of an error that may be logged. The message is not one of them: it may quote an
 * event.
 */
export function safeError(error: unknown): Record<string, unknown> {
  return error instanceof Error ? { ...facts(error), stack: framesOf(error) } : facts(error)
}

function facts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error ? codeOf(error.code) : undefined
  const status = 'status' in error ? codeOf(error.status) : undefined
  return { type: typeOf(error), code, status }
}

/** Returns the name of an error. An error of the owner's transform may have any text as its name. */
function typeOf({ name }: Error): string {
  return TYPE.test(name) ? name : 'Error'
}

/** Returns a number, or a code like `ECONNRESET`. Another text could quote an event. */
function codeOf(value: unknown): string | number | undefined {
  if (typeof value === 'string') return CODE.test(value) ? value : undefined
  return typeof value === 'number' ? value : undefined
}

/** Returns the stack as Error Reporting reads it. The text of the line stands for the message. */
function stackTraceOf(error: unknown, text: string): { stack_trace?: string } {
  if (!(error instanceof Error)) return {}
  return { stack_trace: `${typeOf(error)}: ${text}\n${framesOf(error)}` }
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

function holdsError(fields: unknown): fields is Error | { err: unknown } {
  if (typeof fields !== 'object' || fields === null) return false
  return fields instanceof Error || 'err' in fields
}

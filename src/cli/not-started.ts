import { Failure } from './frame/io.ts'

/** Returns the failure of a command whose world did not start. It says how to take other ports when one is taken. */
export function notStarted(error: unknown, command: string): Failure {
  const reason = error instanceof Error ? error.message : String(error)
  const hint = ` Take other ports with: pubsub-mixpanel ${command} --port-base 9000`
  const text = `${reason}\nThe world did not start.${isOfPort(error) ? hint : ''}`
  return new Failure(text, { cause: error })
}

function isOfPort(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'syscall' in cause && cause.syscall === 'listen'
}

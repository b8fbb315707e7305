/**
 * The topic has not confirmed letters. The message names the cause and nothing that was received.
 */
export class TopicError extends Error {
  override readonly name = 'TopicError'
  /**
   * The cause, fit for a log line: `STATUS_403`, `TIMED_OUT`, `NO_CREDENTIALS`, or axios's own
   * code.
   */
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** Makes the error for letters that the topic refused, or for which no answer came. */
export function notConfirmed(code: string): TopicError {
  return new TopicError(`the dead-letter topic has not confirmed the letters: ${code}`, code)
}

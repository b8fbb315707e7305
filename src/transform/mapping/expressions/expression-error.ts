/** An expression that cannot be worked out for an event. Its text holds nothing of the event. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
}

/** A part of an expression that may fail. */
export interface Site {
  /** Returns the error to throw. `text` must not depend on the values of the event. */
  error(text: string): ExpressionError
}

const MOST_SOURCE = 80

/**
 * Makes the site of a part with this source. Equal errors are one object: an error costs a
 * microsecond to make, and the same keys are absent from many events.
 */
export function createSite(source: string): Site {
  const line = source.replaceAll(/\s+/g, ' ').trim()
  const place = line.length > MOST_SOURCE ? `${line.slice(0, MOST_SOURCE)}…` : line
  const errors = new Map<string, ExpressionError>()

  return { error }

  function error(text: string): ExpressionError {
    const known = errors.get(text)
    if (known !== undefined) return known
    const made = withoutStack(`${place}: ${text}`)
    errors.set(text, made)
    return made
  }
}

function withoutStack(text: string): ExpressionError {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return new ExpressionError(text)
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** The variable that sets a port, and the name of the port in texts. */
interface Listening {
  readonly variable: 'PORT' | 'METRICS_PORT'
  readonly port: number
  readonly host: string
}

/** A port could not be opened. The message names the variable to change. */
class PortError extends Error {
  override readonly name = 'PortError'
  readonly code: string

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/**
 * Resolves or rejects as `listening` does. It rejects with a `PortError` when the port or host is
 * at fault.
 */
export async function namingVariable<T>(listening: Promise<T>, where: Listening): Promise<T> {
  try {
    return await listening
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const message = messageOf(code, where)
    throw message === undefined ? error : new PortError(message, code, error)
  }
}

function messageOf(code: string, { variable, port, host }: Listening): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return (
        `${variable} ${port} is taken on ${host}: end the process that listens there, ` +
        `or set ${variable} to another port`
      )
    case 'EACCES':
      return `${variable} ${port} is not for this user: set ${variable} to a port from 1024 on`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST ${host} is no address of this machine: set 0.0.0.0, or one of its addresses`
    default:
      return undefined
  }
}

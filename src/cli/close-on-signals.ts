import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import { BUG, safeError } from '../telemetry/logger.ts'

export interface CloseOptions {
  /** The process ends with code 1 when `close` takes longer. */
  readonly withinMs: number
  /** Called with a rejection that nothing handles. When absent, a rejection ends the process. */
  readonly onRejection?: ((error: unknown) => void) | undefined
}

/** Signals that ask a process to end. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const
/** Signals of a crash. A handler in JavaScript could not do anything about it. */
const CRASHES = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const

/**
 * Calls `close` once, at the first signal or uncaught error, and then ends the process. Further
 * signals change nothing, since waiting pushes are answered first. A terminal, a process manager
 * and npm may each send one.
 */
export function closeOnSignals(
  { withinMs, onRejection }: CloseOptions,
  log: Logger,
  close: () => Promise<void>,
): void {
  let isClosing = false
  const skip = [...SIGNALS, ...CRASHES, ...(onRejection ? (['unhandledRejection'] as const) : [])]
  if (onRejection) process.on('unhandledRejection', onRejection)
  const grace = closeWithGrace(
    { delay: withinMs, logger: log.child({ event: 'stopping' }), skip },
    async ({ err }) => {
      isClosing = true
      if (err) logBug(log, err)
      await close()
    },
  )
  for (const signal of SIGNALS) process.on(signal, onSignal)

  function onSignal(signal: NodeJS.Signals): void {
    const text = isClosing
      ? 'closing already: pushes that wait are answered first'
      : `closing: pushes that wait are answered, and the process ends within ${withinMs / 1_000} s`
    log.info({ event: 'stopping', signal }, text)
    if (!isClosing) grace.close()
  }
}

/** Reports a bug in the log and on standard error, since the log may be unwritable. */
function logBug(log: Logger, err: Error): void {
  log.error({ ...BUG, err }, 'closing after a bug')
  console.error('closing after a bug:', JSON.stringify(safeError(err)))
}

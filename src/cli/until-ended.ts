import type { ServiceProcess } from './spawn-service.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves at Ctrl-C, at a signal, or when standard output is closed, from this call on. */
export function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    // For good: npm forwards the Ctrl-C that the terminal sent as well, and an end takes a while.
    for (const signal of SIGNALS) process.on(signal, () => resolve())
    process.stdout.on('error', () => resolve())
  })
}

/** Resolves with the exit code: 0 when the end was asked for, or else the service's, reported. */
export async function untilEnded(
  { ended }: Pick<ServiceProcess, 'ended'>,
  asked: Promise<void>,
): Promise<number> {
  const end = await Promise.race([asked.then(() => 'asked' as const), ended])
  if (end === 'asked') return 0
  const how = end === undefined ? 'by a signal' : `with ${end}`
  console.error(`The service has ended by itself, ${how}.`)
  return end ?? 1
}

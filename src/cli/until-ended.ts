import type { ServiceProcess } from './spawn-service.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves, from now on, when somebody asks for the end: Ctrl-C, a signal, or nobody reads on. */
export function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    // For good: npm hands on the Ctrl-C that the terminal has sent as well, and an end takes a while.
    for (const signal of SIGNALS) process.on(signal, () => resolve())
    process.stdout.on('error', () => resolve())
  })
}

/** Resolves with the code to end with: 0 when it was asked for, or the service's own, said aloud. */
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

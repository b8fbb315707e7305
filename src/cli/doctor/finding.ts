/** One thing that a check found. A `mend` is a command line that puts it right. */
export interface Finding {
  readonly kind: 'ok' | 'skip' | 'warn' | 'fail'
  /** One line without secrets. It may hold text of a server, with invisible characters in it. */
  readonly text: string
  readonly mend?: string
}

/** The time of one check. */
export const WITHIN_MS = 5_000

/** One check. It depends on no other check. */
export interface Check {
  /** The name for `--only`, in lower case, with dashes. */
  readonly name: CheckName
  /**
   * Resolves with at least one finding: `ok` alone, or one finding for each fault. It stops to ask
   * when the signal aborts. It rejects on a bug only.
   */
  readonly run: (signal: AbortSignal) => Promise<readonly Finding[]>
}

/** The names of all checks, in the order in which their findings are printed. */
export const CHECK_NAMES = [
  'configuration',
  'clock',
  'mixpanel',
  'keys',
  'dead-letters',
  'subscription',
  'grants',
  'service',
] as const

export type CheckName = (typeof CHECK_NAMES)[number]

export function ok(text: string): Finding {
  return { kind: 'ok', text }
}

export function skip(text: string): Finding {
  return { kind: 'skip', text }
}

export function warn(text: string, mend?: string): Finding {
  return { kind: 'warn', text, ...(mend !== undefined && { mend }) }
}

export function fail(text: string, mend?: string): Finding {
  return { kind: 'fail', text, ...(mend !== undefined && { mend }) }
}

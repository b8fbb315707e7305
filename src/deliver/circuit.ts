/**
 * The circuit between the service and Mixpanel: it decides whether an attempt may start, by the
 * answers so far. Instants are monotonic ms.
 *
 * | state        | at a start   | taken | refused | failed       | throttled    | misconfigured |
 * | ------------ | ------------ | ----- | ------- | ------------ | ------------ | ------------- |
 * | open         | open         | open  | open    | open         | paused       | unauthorized  |
 * | paused       | half_open    |       |         |              |              |               |
 * | half_open    |              | open  | paused  | paused       | paused       | unauthorized  |
 * | unauthorized | unauthorized | open  | open    | unauthorized | unauthorized | unauthorized  |
 *
 * A `failed` answer with a `Retry-After` pauses as a `throttled` one does. A pause that is over
 * stays `paused` until its probe starts. For the end of an attempt that was sent before the circuit
 * left `open`, see `afterLateEnd`.
 */
export type Circuit = Readonly<
  Past &
    (
      | { kind: 'open' }
      /** No attempt starts before `until`. The first one after it is the probe. */
      | { kind: 'paused'; until: number }
      /** The probe is under way, and no other attempt starts. */
      | { kind: 'half_open'; until: number }
      /**
       * Mixpanel refuses our credentials; the request whose answer said so was sent at `sentAt`. A
       * probe starts at `nextProbeAt`, which is infinite while one is under way, but not before
       * `until`.
       */
      | { kind: 'unauthorized'; until: number; sentAt: number; nextProbeAt: number }
    )
>

interface Past {
  /** An attempt that was sent until then says nothing about the time after it. */
  readonly closedAt: number
  /** The number of 429s since the last import. */
  readonly refusals: number
}

/** The end of an attempt, as far as the circuit needs it. */
export interface EndedAttempt {
  readonly kind: 'taken' | 'refused' | 'throttled' | 'failed' | 'misconfigured'
  readonly sentAt: number
  readonly now: number
  /** The wait that a `Retry-After` asked for. */
  readonly askedMs: number | undefined
}

/** Returns the pause after a number of 429s in a row. */
export type PauseMs = (refusals: number) => number

/** The shortest pause: while Mixpanel refuses, it is asked at most once a second. */
export const LEAST_PAUSE_MS = 1_000
/** The time from the answer to one probe of refused credentials to the next probe. */
const PROBE_EVERY_MS = 10_000
const NEVER = Number.NEGATIVE_INFINITY
const UNKNOWN = Number.POSITIVE_INFINITY

/** The circuit of a new process. */
export const OPEN: Circuit = { kind: 'open', closedAt: NEVER, refusals: 0 }

/** Returns the instant from which an attempt may start; infinity while a probe is under way. */
export function opensAt(circuit: Circuit): number {
  switch (circuit.kind) {
    case 'open':
      return NEVER
    case 'paused':
      return circuit.until
    case 'half_open':
      return UNKNOWN
    case 'unauthorized':
      return Math.max(circuit.until, circuit.nextProbeAt)
  }
}

/** Whether Mixpanel wants a pause, or a probe must show first that it is over. */
export function isPaused(circuit: Circuit, now: number): boolean {
  return circuit.kind === 'half_open' || now < pausedUntil(circuit)
}

/** Returns the end of the last pause; in the past when it is over, or there was none. */
function pausedUntil(circuit: Circuit): number {
  return circuit.kind === 'open' ? NEVER : circuit.until
}

/** Returns the circuit after an attempt has started: it is the probe, unless the circuit is open. */
export function afterStart(circuit: Circuit): Circuit {
  if (circuit.kind === 'paused') return { ...circuit, kind: 'half_open' }
  if (circuit.kind === 'unauthorized') return { ...circuit, nextProbeAt: UNKNOWN }
  return circuit
}

/** Returns the circuit after an attempt has ended. */
export function afterEnd(circuit: Circuit, attempt: EndedAttempt, pauseMs: PauseMs): Circuit {
  const { kind, sentAt, now, askedMs } = attempt
  if (sentAt <= circuit.closedAt) return afterLateEnd(circuit, attempt)
  if (kind === 'taken' || (kind === 'refused' && circuit.kind === 'unauthorized')) {
    return { kind: 'open', closedAt: circuit.closedAt, refusals: 0 }
  }
  const probed = afterProbe(circuit, now)
  if (kind === 'throttled') return throttled(probed, now, pauseMs, askedMs)
  if (kind === 'failed' && askedMs !== undefined) return paused(probed, askedMs, now)
  return kind === 'misconfigured' ? unauthorized(probed, sentAt, now) : probed
}

/**
 * Returns the circuit after the end of an attempt that was sent before the circuit left `open`. Its
 * refusal counts with those that closed the circuit, but a longer wait is obeyed. An import that
 * was sent after the refused credentials shows that they are good.
 */
function afterLateEnd(circuit: Circuit, { kind, sentAt, now, askedMs }: EndedAttempt): Circuit {
  if (circuit.kind === 'open') return circuit
  if (askedMs !== undefined) return { ...circuit, until: Math.max(circuit.until, now + askedMs) }
  if (kind === 'misconfigured') return unauthorized(circuit, sentAt, now)
  if (kind !== 'taken' || circuit.kind !== 'unauthorized' || sentAt < circuit.sentAt) return circuit
  const { until, closedAt, refusals, nextProbeAt } = circuit
  if (nextProbeAt === UNKNOWN) return { kind: 'half_open', until, closedAt, refusals }
  if (now < until) return { kind: 'paused', until, closedAt, refusals }
  return { kind: 'open', closedAt, refusals }
}

/**
 * Returns the circuit after Mixpanel has refused everything for no reason that it names: it pauses
 * as after a 429. Several batches may suspect the same fault at once, and a probe that is under way
 * will show it, too.
 */
export function afterSuspicion(circuit: Circuit, now: number, pauseMs: PauseMs): Circuit {
  const isProbing = opensAt(circuit) === UNKNOWN
  return isProbing || now < pausedUntil(circuit) ? circuit : throttled(circuit, now, pauseMs)
}

/**
 * Returns the circuit after an answer, or several, refused our credentials. The first attempt was
 * sent at `sentAt`. A probe that is under way stays the probe.
 */
export function unauthorized(circuit: Circuit, sentAt: number, now: number): Circuit {
  if (circuit.kind === 'unauthorized') return circuit
  const nextProbeAt = circuit.kind === 'half_open' ? UNKNOWN : now + PROBE_EVERY_MS
  const closedAt = circuit.kind === 'open' ? now : circuit.closedAt
  const { refusals } = circuit
  return {
    kind: 'unauthorized',
    until: pausedUntil(circuit),
    sentAt,
    nextProbeAt,
    closedAt,
    refusals,
  }
}

function afterProbe(circuit: Circuit, now: number): Circuit {
  if (circuit.kind === 'half_open') return { ...circuit, kind: 'paused' }
  if (circuit.kind !== 'unauthorized') return circuit
  return { ...circuit, nextProbeAt: now + PROBE_EVERY_MS }
}

function throttled(circuit: Circuit, now: number, pauseMs: PauseMs, askedMs?: number): Circuit {
  const refusals = circuit.refusals + 1
  return paused({ ...circuit, refusals }, askedMs ?? pauseMs(refusals), now)
}

function paused(circuit: Circuit, ms: number, now: number): Circuit {
  const until = now + Math.max(LEAST_PAUSE_MS, ms)
  if (circuit.kind === 'unauthorized') return { ...circuit, until, closedAt: now }
  return { kind: 'paused', until, closedAt: now, refusals: circuit.refusals }
}

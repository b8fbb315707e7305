/** Ports for a person to remember, or any that are free. */
export type Ports = Readonly<
  Record<'service' | 'issuer' | 'mixpanel' | 'metrics' | 'pubsub', number>
>

/** As it is given on a command line. */
export const DEFAULT_PORT_BASE = '8080'

/** The base and the four ports after it. */
const HIGHEST_PORT_BASE = 65_535 - 4

/** Any that are free; metrics are off. */
export const FREE_PORTS: Ports = { service: 0, issuer: 0, mixpanel: 0, metrics: 0, pubsub: 0 }

/** Throws, for the person who gave it, when it is none. */
export function portBaseOf(text: string): number {
  const base = /^\d+$/.test(text) ? Number(text) : 0
  if (base >= 1 && base <= HIGHEST_PORT_BASE) return base
  throw new Error(`--port-base must be a whole number from 1 to ${HIGHEST_PORT_BASE}`)
}

export function portsFrom(base: number): Ports {
  return {
    service: base,
    issuer: base + 1,
    mixpanel: base + 2,
    metrics: base + 3,
    pubsub: base + 4,
  }
}

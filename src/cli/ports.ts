/** Fixed ports, which a person can remember, or any free ports. */
export type Ports = Readonly<
  Record<'service' | 'issuer' | 'mixpanel' | 'metrics' | 'pubsub', number>
>

/** As text, like on a command line. */
export const DEFAULT_PORT_BASE = '8080'

/** A world uses the base and the four ports after it. */
const HIGHEST_PORT_BASE = 65_535 - 4

/** Any free ports; metrics are off. */
export const FREE_PORTS: Ports = { service: 0, issuer: 0, mixpanel: 0, metrics: 0, pubsub: 0 }

/** Parses a base. Throws an error for people when it is none. */
export function parsePortBase(text: string): number {
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

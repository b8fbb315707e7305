import { UserMistake } from './frame/io.ts'

/** Fixed ports, which a person can remember, or any free ports. */
export type Ports = Readonly<
  Record<'service' | 'issuer' | 'mixpanel' | 'metrics' | 'pubsub' | 'page', number>
>

/** The flag for the ports of a world. Its default is text, like on a command line. */
export const PORT_BASE = {
  type: 'string',
  value: 'PORT',
  default: '8080',
  meaning: 'the first of the six ports of the world',
} as const

/** A world uses the base and the five ports after it. */
const HIGHEST_PORT_BASE = 65_535 - 5

/** Any free ports; metrics are off. */
export const FREE_PORTS: Ports = {
  service: 0,
  issuer: 0,
  mixpanel: 0,
  metrics: 0,
  pubsub: 0,
  page: 0,
}

/** Parses a base. Throws a `UserMistake` when it is none. */
export function parsePortBase(text: string): number {
  const base = /^\d+$/.test(text) ? Number(text) : 0
  if (base >= 1 && base <= HIGHEST_PORT_BASE) return base
  throw new UserMistake(`--port-base must be a whole number from 1 to ${HIGHEST_PORT_BASE}`)
}

export function portsFrom(base: number): Ports {
  return {
    service: base,
    issuer: base + 1,
    mixpanel: base + 2,
    metrics: base + 3,
    pubsub: base + 4,
    page: base + 5,
  }
}

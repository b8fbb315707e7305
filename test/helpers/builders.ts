import type { PreparedEvent } from '../../src/model/event.ts'
import type { Party, Traveller } from '../../src/model/journey.ts'
import type { Message } from '../../src/model/message.ts'
import type { EventOutcome } from '../../src/model/outcome.ts'

/** Base64, as Pub/Sub sends data. */
export function base64(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64')
}

/** A message with one good event, unless told otherwise. */
export function aMessage(overrides: Partial<Message> = {}): Message {
  return {
    messageId: '2070443601311540',
    subscription: 'projects/p/subscriptions/s',
    data: base64('{"event":"signed_up","properties":{"distinct_id":"u-1"}}'),
    attributes: {},
    publishTime: '2026-01-01T00:00:00.000Z',
    publishedAt: Date.UTC(2026, 0, 1),
    ...overrides,
  }
}

/** An event ready to travel; its text and size follow from its name. */
export function aPreparedEvent(overrides: Partial<PreparedEvent> = {}): PreparedEvent {
  const insertId = overrides.insertId ?? 'id-1'
  const properties = { time: Date.UTC(2026, 0, 1), $insert_id: insertId, distinct_id: 'u-1' }
  const text = overrides.text ?? JSON.stringify({ event: 'signed_up', properties })
  return {
    kind: 'prepared',
    text,
    bytes: Buffer.byteLength(text),
    insertId,
    time: properties.time,
    identityVerb: false,
    ...overrides,
  }
}

/** A party that notes who arrived, and how. */
export interface NotingParty extends Party {
  deliverBy: number
  /** How often some of them have left in a batch. */
  departures: number
  readonly arrivals: { readonly journey: Traveller; readonly outcome: EventOutcome }[]
  readonly failures: unknown[]
}

let parties = 0

/**
 * A party in no hurry; one that goes on for longer than a push waits when told so. It is of a
 * message of its own unless its key is given.
 */
export function aParty(
  deliverBy = Number.POSITIVE_INFINITY,
  goesOnUntil = Number.NEGATIVE_INFINITY,
  key = `message-${parties++}`,
): NotingParty {
  const arrivals: NotingParty['arrivals'] = []
  const failures: unknown[] = []
  const party: NotingParty = {
    key,
    deliverBy,
    goesOnUntil: () => Math.max(party.deliverBy, goesOnUntil),
    departures: 0,
    departed: () => {
      party.departures += 1
    },
    arrivals,
    failures,
    arrived: (journey, outcome) => arrivals.push({ journey, outcome }),
    failed: (error) => failures.push(error),
  }
  return party
}

/** Someone with an event to carry. */
export function aTraveller(party: Party, event: PreparedEvent = aPreparedEvent()): Traveller {
  return { party, place: 0, event }
}

import type { PreparedEvent } from '../../src/model/event.ts'
import type { Message } from '../../src/model/message.ts'
import type { EventOutcome } from '../../src/model/outcome.ts'
import type { OutcomeSink, PendingEvent } from '../../src/model/pending-event.ts'
import type { PushEnd } from '../../src/model/telemetry.ts'

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

/** The end of a push to /push, after a ms, unless told otherwise. */
export function aPushEnd({ headers = {}, url = '/push', elapsedMs = 1 } = {}): PushEnd {
  return { request: { method: 'POST', url, headers, headersAt: 0 }, elapsedMs }
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

/** A sink that records each outcome. */
export interface RecordingSink extends OutcomeSink {
  deliverBy: number
  /** How often some of them have left in a batch. */
  departures: number
  readonly arrivals: { readonly event: PendingEvent; readonly outcome: EventOutcome }[]
  readonly failures: unknown[]
}

let sinks = 0

/**
 * Makes the sink of a message in no hurry. With `goesOnUntil`, its work goes on for longer than a
 * push waits. It is of a message of its own unless its key is given.
 */
export function aSink(
  deliverBy = Number.POSITIVE_INFINITY,
  goesOnUntil = Number.NEGATIVE_INFINITY,
  key = `message-${sinks++}`,
): RecordingSink {
  const arrivals: RecordingSink['arrivals'] = []
  const failures: unknown[] = []
  const sink: RecordingSink = {
    key,
    deliverBy,
    goesOnUntil: () => Math.max(sink.deliverBy, goesOnUntil),
    departures: 0,
    departed: () => {
      sink.departures += 1
    },
    arrivals,
    failures,
    report: (event, outcome) => arrivals.push({ event, outcome }),
    failed: (error) => failures.push(error),
  }
  return sink
}

/** Makes an event on its way to Mixpanel. */
export function aPendingEvent(
  sink: OutcomeSink,
  prepared: PreparedEvent = aPreparedEvent(),
): PendingEvent {
  return { sink, place: 0, prepared }
}

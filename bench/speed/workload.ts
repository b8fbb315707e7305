/** What one push holds: so many events, each of about so many bytes. */
export interface Shape {
  readonly eventsAPush: number
  readonly eventBytes: number
}

/** The wrapped push of a shape, cut where its message id goes: each push has one of its own. */
export interface PushTemplate {
  /** Ends before the first of the two places of the message id. */
  readonly before: string
  readonly between: string
  readonly after: string
}

const USERS = 1_000

/**
 * Events as they are met: with a time of their own, without an insert id, which the service makes
 * of message id and line.
 */
export function templateOf(shape: Shape): PushTemplate {
  const lines = Array.from({ length: shape.eventsAPush }, (_, at) => eventOf(shape.eventBytes, at))
  return templateAround(Buffer.from(lines.join('\n')))
}

/** The push of a message with these bytes. */
export function templateAround(bytes: Buffer): PushTemplate {
  const data = bytes.toString('base64')
  const published =
    '"publishTime":"2026-01-15T12:00:00.000Z","publish_time":"2026-01-15T12:00:00.000Z"'
  return {
    before: '{"message":{"messageId":"',
    between: '","message_id":"',
    after: `",${published},"data":"${data}"},"subscription":"projects/p/subscriptions/events-push"}`,
  }
}

/** One event of exactly so many bytes. */
function eventOf(bytes: number, at: number): string {
  const properties = {
    time: Date.UTC(2026, 0, 15, 11) + at,
    distinct_id: `user-${at % USERS}`,
    $browser: 'Firefox',
    $os: 'Linux',
    $current_url: 'https://example.com/pricing?utm_source=newsletter',
    plan: 'pro',
    amount: 12.5,
  }
  const bare = JSON.stringify({ event: 'page_viewed', properties: { ...properties, filler: '' } })
  const filler = 'x'.repeat(Math.max(0, bytes - bare.length))
  return JSON.stringify({ event: 'page_viewed', properties: { ...properties, filler } })
}

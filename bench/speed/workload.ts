/** The size of one push: the number of its events, and about how many bytes each has. */
export interface Shape {
  readonly eventsAPush: number
  readonly eventBytes: number
}

/** The wrapped push of a shape, cut where the message id goes. Each push has its own id. */
export interface PushTemplate {
  /** The text before the first of the two places of the message id. */
  readonly before: string
  readonly between: string
  readonly after: string
}

const USERS = 1_000

/**
 * Makes the push of usual events: each has a time of its own and no insert id. The service derives
 * insert ids from message id and line.
 */
export function templateOf(shape: Shape): PushTemplate {
  const lines = Array.from({ length: shape.eventsAPush }, (_, at) => eventOf(shape.eventBytes, at))
  return templateAround(Buffer.from(lines.join('\n')))
}

/** Makes the push of a message with these bytes as data. */
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

/** Makes one event of exactly `bytes` bytes. */
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

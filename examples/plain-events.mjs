// A transform for events that are flat objects: {"type": …, "userId": …, "ts": …, and the rest}.

/**
 * Takes `type` for the name of the event, `userId` for its distinct id and `ts` for its time. The
 * rest become its properties. A `messageId`, where there is one, becomes its insert id, so that an
 * event that is published twice stays one.
 *
 * @param {any} input What the JSON of one event says; `undefined` for a message without data.
 * @returns {import('../src/transform/types.ts').MixpanelEvent | null}
 */
export default function transform(input) {
  if (input === undefined) return null

  const { type, userId, ts, messageId, ...properties } = input
  if (typeof type !== 'string') throw new Error('the event has no type')
  return {
    event: type,
    properties: {
      ...properties,
      // A distinct id is a string; an empty one keeps an event of nobody out of the profiles.
      distinct_id: String(userId ?? ''),
      // Seconds, milliseconds and ISO 8601 will do; without one it is the publish time.
      ...(ts !== undefined && { time: ts }),
      ...(messageId !== undefined && { $insert_id: messageId }),
    },
  }
}

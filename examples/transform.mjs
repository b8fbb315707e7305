// A transform: set TRANSFORM to the path of a module like this one. Its default export is called
// once for each event, before time and $insert_id are looked at. See src/transform/types.ts.

/** Properties that say who somebody is, and that nobody needs for counting. */
const PERSONAL = ['email', 'phone', 'full_name', 'ip_address']

/**
 * Renames `user_id` to Mixpanel's `distinct_id`, leaves personal data out and drops health checks.
 *
 * @param {any} input What the JSON of one event says; `undefined` for a message without data.
 * @param {import('../src/transform/types.ts').TransformContext} context
 * @returns {import('../src/transform/types.ts').MixpanelEvent | null}
 */
export default function transform(input, context) {
  if (input === undefined || input.event === 'health_check') return null

  const { user_id: userId, ...properties } = input.properties
  for (const name of PERSONAL) delete properties[name]
  return {
    event: input.event,
    properties: {
      ...properties,
      // An event that has no user id keeps the distinct id it came with.
      distinct_id: userId || properties.distinct_id || '',
      // An empty address keeps Mixpanel from looking up where the sender is.
      ip: 0,
      source: context.attributes.source ?? 'unknown',
    },
  }
}

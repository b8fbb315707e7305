// The owner's mapping of a survival run: an order becomes its items, noise is dropped, and what
// explodes cannot be mapped. All else goes through as it was published.

/**
 * @param {any} input
 * @param {import('../../src/transform/types.ts').TransformContext} context
 * @returns {any}
 */
export default function transform(input, context) {
  if (input === undefined) return eventOf(context.attributes)
  switch (input?.event) {
    case 'noise':
      return null
    case 'explosive':
      throw new Error('this one explodes')
    case 'order':
      return itemsOf(input)
    default:
      return input
  }
}

function eventOf({ event, mark, user }) {
  return event === undefined ? null : { event, properties: { mark, distinct_id: user } }
}

/**
 * All alike but for their mark, insert id included: Mixpanel tells them apart by what we make of it.
 * One may be spoiled: nested deeper than Mixpanel takes.
 */
function itemsOf({ properties: { items, spoiled, ...properties } }) {
  return Array.from({ length: items }, (_, at) => {
    const mark = `${properties.mark}.${at + 1}`
    const deep = at + 1 === spoiled && { deep: { a: { b: { c: { d: 1 } } } } }
    return { event: 'item', properties: { ...properties, ...deep, mark } }
  })
}

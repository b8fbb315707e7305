// The owner's mapping of a survival run: it makes an order into its items, drops noise, and throws
// on an event that explodes. It passes all other events on as they were published. With MENDED=yes
// it is the mapping as its owner has mended it after a look at the dead letters.

const isMended = process.env.MENDED === 'yes'

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
      return unlessExplosive(input)
    case 'order':
      return itemsOf(input)
    case 'stamped':
      return stampedBy(input, context.attributes)
    default:
      return input
  }
}

function unlessExplosive(input) {
  if (isMended) return input
  throw new Error('this one explodes')
}

function eventOf({ event, mark, user }) {
  return event === undefined ? null : { event, properties: { mark, distinct_id: user } }
}

/** Tells equal events of different messages apart by their attributes, which alone differ. */
function stampedBy(input, { stamp, source = 'unknown' }) {
  const { broken, ...properties } = input.properties
  if (broken) unlessExplosive(input)
  return { ...input, properties: { ...properties, mark: properties.mark ?? stamp, source } }
}

/**
 * Makes items that are alike except for their mark. Their insert id is the order's, unless each has
 * its own. One may be spoiled, nested deeper than Mixpanel takes; mended, it is whole or left out.
 */
function itemsOf({ properties: { items, spoiled, mended, item_ids: ids, ...properties } }) {
  return Array.from({ length: items }, (_, at) => at + 1)
    .filter((place) => !(isMended && mended && place === spoiled))
    .map((place) => {
      const mark = `${properties.mark}.${place}`
      const own = ids === undefined ? {} : { $insert_id: `${ids}-item-${place}` }
      const deep = place === spoiled && !isMended && { deep: { a: { b: { c: { d: 1 } } } } }
      return { event: 'item', properties: { ...properties, ...own, ...deep, mark } }
    })
}

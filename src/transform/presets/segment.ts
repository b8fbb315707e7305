import type { FromSchema } from 'json-schema-to-ts'
import { hashId } from '../../lib/digest.ts'
import { isObject } from '../../lib/json/is-object.ts'
import { put } from '../../lib/json/put.ts'
import { ID_MERGE, identifyEvents, identityOf, setIdentity } from './identity.ts'
import {
  createNames,
  type NameRow,
  type Properties,
  setProperties,
  withoutOwnNames,
} from './names.ts'
import { definePreset, type OptionsSchema, type Preset, type PresetResult } from './preset.ts'
import { browserOf, browserVersionOf, systemOf } from './user-agent.ts'
import { givenValueOf, idTextOf, valueAt } from './value-at.ts'

const OPTIONS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    id_merge: ID_MERGE,
    group_key: {
      type: 'string',
      minLength: 1,
      description: 'the group key of the Mixpanel project that `context.groupId` is a value of',
    },
    product_events: {
      type: 'boolean',
      description: 'whether `Order Completed` makes an event `Product Purchased` of each product',
    },
  },
} as const satisfies OptionsSchema

type Options = FromSchema<typeof OPTIONS>

/**
 * The names of Segment's common fields (https://segment.com/docs/connections/spec/common/) in
 * Mixpanel, as Segment's own destination has them. Names that it lacks are those of Mixpanel's SDKs.
 */
export const NAMES: readonly NameRow[] = [
  ['messageId', '$insert_id', idTextOf],
  ['timestamp', 'time', givenValueOf],
  ['originalTimestamp', 'time', givenValueOf],
  ['context.ip', 'ip'],
  ['context.page.url', '$current_url'],
  ['context.page.referrer', '$referrer'],
  ['context.os.name', '$os'],
  ['context.userAgent', '$os', systemOf],
  ['context.os.version', '$os_version'],
  ['context.userAgent', '$browser', browserOf],
  ['context.userAgent', '$browser_version', browserVersionOf],
  ['context.device.manufacturer', '$manufacturer'],
  ['context.device.model', '$model'],
  ['context.network.carrier', '$carrier'],
  ['context.screen.width', '$screen_width'],
  ['context.screen.height', '$screen_height'],
  ['context.screen.density', '$screen_density'],
  ['context.app.version', '$app_version_string'],
  ['context.app.build', '$app_build_number'],
  ['context.locale', '$locale'],
  ['context.campaign.name', 'utm_campaign'],
  ['context.campaign.source', 'utm_source'],
  ['context.campaign.medium', 'utm_medium'],
  ['context.campaign.term', 'utm_term'],
  ['context.campaign.content', 'utm_content'],
  ['context.campaign.id', 'utm_id'],
]

const setNames = createNames(NAMES)

/** The calls that tell something about a user or a group, not about an event. */
const LEFT_OUT = ['identify', 'group', 'alias']

/**
 * The properties of an order that its products do not repeat, as in Segment's destination
 * (https://github.com/segmentio/action-destinations, mixpanel/trackPurchase).
 */
const ORDERS_OWN = [
  'affiliation',
  'subtotal',
  'total',
  'revenue',
  'shipping',
  'tax',
  'discount',
  'coupon',
  'currency',
  'order_number',
  'products',
]

/** The most values of all events of the products of an order. They take some 20 ms. */
const MOST_VALUES = 200_000

const TOO_MANY_PRODUCTS: PresetResult = {
  kind: 'rejected',
  detail: `the events of properties.products have more than ${MOST_VALUES} values`,
  field: 'properties.products',
}

type Call = Readonly<Record<string, unknown>>

/** The calls of Segment's libraries, one in each message or line. */
export const SEGMENT = definePreset<Options>(OPTIONS, createSegment)

function createSegment(options: Options): Preset {
  return function segment(input) {
    if (!isObject(input)) return { kind: 'unknown' }
    const { type } = input
    if (type === 'track') return eventsOf(idTextOf(input.event), input, options)
    if (type === 'page') return eventsOf(`Viewed ${idTextOf(input.name) ?? 'Page'}`, input, options)
    if (type === 'screen')
      return eventsOf(`Viewed ${idTextOf(input.name) ?? 'Screen'}`, input, options)
    const what = LEFT_OUT.find((call) => call === type)
    return what === undefined ? { kind: 'unknown' } : { kind: 'dropped', what }
  }
}

function eventsOf(name: string | undefined, call: Call, options: Options): PresetResult {
  if (name === undefined) return { kind: 'rejected', detail: 'event has no name', field: 'event' }
  const { id_merge: idMerge = 'simplified', group_key: groupKey, product_events: all } = options
  const identity = identityOf(call.userId, call.anonymousId, 'userId')
  if (identity.kind === 'rejected') return identity
  const properties = isObject(call.properties) ? withoutOwnNames(call.properties) : {}
  const given = all && name === 'Order Completed' ? productsIn(properties) : []
  if (isTooMuch(given, properties)) return TOO_MANY_PRODUCTS
  const products = given.map((product) => productEvent(product, properties))
  for (const event of [{ properties }, ...products]) {
    setNames(event.properties, call)
    setIdentity(event.properties, identity, idMerge)
    setGroup(event.properties, call, groupKey)
  }
  for (const [at, product] of products.entries()) setInsertId(product.properties, at)
  const links = identifyEvents(identity, idMerge, properties.time)
  return { kind: 'events', events: [{ event: name, properties }, ...products, ...links] }
}

function setGroup(properties: Properties, call: Call, groupKey: string | undefined): void {
  if (groupKey === undefined) return
  const groupId = idTextOf(valueAt(call, ['context', 'groupId']))
  if (groupId !== undefined) put(properties, groupKey, groupId)
}

function productsIn({ products }: Readonly<Properties>): readonly Properties[] {
  return Array.isArray(products) ? products.filter(isObject) : []
}

/** Whether the events of the products would repeat the order too often. */
function isTooMuch(products: readonly Properties[], order: Readonly<Properties>): boolean {
  return products.length * (Object.keys(order).length + NAMES.length) > MOST_VALUES
}

/** Makes the event of a product, with the properties of its order that are no sums. */
function productEvent(product: Readonly<Properties>, order: Readonly<Properties>) {
  const properties = withoutOwnNames(order, (name) => ORDERS_OWN.includes(name))
  setProperties(properties, withoutOwnNames(product))
  return { event: 'Product Purchased', properties }
}

/** Gives a product of an order an insert id of its own. Without one of the order, it has none. */
function setInsertId(properties: Properties, at: number): void {
  const { $insert_id: orderId } = properties
  if (typeof orderId === 'string') properties.$insert_id = hashId(['product', orderId, at])
}

import type { FromSchema } from 'json-schema-to-ts'
import { hashId } from '../../lib/digest.ts'
import { isObject } from '../../lib/json/is-object.ts'
import { flattened } from './flatten.ts'
import { identityOf } from './identity.ts'
import { createNames, type NameRow, type Properties, withoutOwnNames } from './names.ts'
import {
  definePreset,
  type OptionsSchema,
  type Preset,
  type PresetContext,
  type PresetResult,
} from './preset.ts'
import { givenValueOf, idTextOf, valueAt } from './value-at.ts'

const OPTIONS = {
  type: 'object',
  additionalProperties: false,
  required: ['distinct_id'],
  properties: {
    distinct_id: {
      type: 'string',
      pattern: '^(subject|source|data(\\.[^.]+)+|ce-[a-z0-9]+)$',
      description:
        'the place of the user id, for which CloudEvents has no convention, usually ' +
        '`data.user_id`, `subject` or an extension such as `ce-userid`',
    },
  },
} as const satisfies OptionsSchema

type Options = FromSchema<typeof OPTIONS>

/**
 * The names of the context attributes in Mixpanel
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). In binary mode they are
 * attributes of the message, with the prefix `ce-`.
 */
export const NAMES: readonly NameRow[] = [
  ['time', 'time', givenValueOf],
  ['subject', 'ce_subject'],
  ['source', 'ce_source'],
  ['dataschema', 'ce_dataschema'],
]

const setNames = createNames(NAMES)
const BINARY_PREFIX = 'ce-'
/** The content type of structured mode: JSON, or a batch of which each line is an event. */
const STRUCTURED = /^\s*application\/cloudevents/i

/** An event in either mode: its context attributes by name, and its data. */
interface CloudEvent {
  readonly attributes: Readonly<Properties>
  readonly data: unknown
  /** Tells the lines of a message in binary mode apart, which have all attributes in common. */
  readonly line: number
}

/**
 * CloudEvents by the binding for Pub/Sub
 * (https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md), structured or
 * binary.
 */
export const CLOUDEVENTS = definePreset<Options>(OPTIONS, createCloudEvents)

function createCloudEvents({ distinct_id: place }: Options): Preset {
  const readUser = createReadUser(place)

  return function cloudevents(input, context) {
    if (STRUCTURED.test(textAt(context, 'content-type'))) {
      if (!isObject(input)) return rejection('a structured CloudEvent is a JSON object', 'event')
      return eventOf({ attributes: input, data: input.data, line: 1 }, readUser, place)
    }
    const attributes = binaryAttributes(context)
    if (attributes === undefined) return { kind: 'unknown' }
    return eventOf({ attributes, data: input, line: context.line }, readUser, place)
  }
}

function eventOf(event: CloudEvent, readUser: ReadUser, place: string): PresetResult {
  const { attributes, data } = event
  const type = idTextOf(attributes.type)
  if (type === undefined) return rejection('the CloudEvent has no type', 'event')
  const identity = identityOf(readUser(event), undefined, place)
  if (identity.kind === 'rejected') return identity
  const given = isObject(data) ? flattened(data) : data === undefined ? {} : { data }
  const properties = withoutOwnNames(given)
  setNames(properties, attributes)
  const insertId = insertIdOf(event)
  if (insertId !== undefined) properties.$insert_id = insertId
  properties.distinct_id = identity.userId ?? ''
  return { kind: 'events', events: [{ event: type, properties }] }
}

/** Source and id together are unique for an event, neither is alone. */
function insertIdOf({ attributes, line }: CloudEvent): string | undefined {
  const [source, id] = [idTextOf(attributes.source), idTextOf(attributes.id)]
  if (source === undefined || id === undefined) return undefined
  return hashId([source, '#', id, ...(line > 1 ? [line] : [])])
}

type ReadUser = (event: CloudEvent) => unknown

function createReadUser(place: string): ReadUser {
  const [first = '', ...keys] = place.split('.')
  if (first === 'data') return ({ data }) => valueAt(data, keys)
  const name = first.startsWith(BINARY_PREFIX) ? first.slice(BINARY_PREFIX.length) : first
  return ({ attributes }) => valueAt(attributes, [name])
}

/** Returns the attributes with the prefix, without it; `undefined` when there is none. */
function binaryAttributes({ attributes }: PresetContext): Properties | undefined {
  const found = Object.entries(attributes).filter(([name]) => name.startsWith(BINARY_PREFIX))
  if (found.length === 0) return undefined
  return Object.fromEntries(found.map(([name, text]) => [name.slice(BINARY_PREFIX.length), text]))
}

function textAt({ attributes }: PresetContext, name: string): string {
  return Object.hasOwn(attributes, name) ? (attributes[name] ?? '') : ''
}

function rejection(detail: string, field: string): PresetResult {
  return { kind: 'rejected', detail, field }
}

import type { FromSchema } from 'json-schema-to-ts'
import { isObject } from '../../lib/json/is-object.ts'
import { put } from '../../lib/json/put.ts'
import { ID_MERGE, identifyEvents, identityOf, setIdentity } from './identity.ts'
import { createNames, type NameRow, withoutOwnNames } from './names.ts'
import { definePreset, type OptionsSchema, type Preset, type PresetResult } from './preset.ts'
import { browserOf, browserVersionOf, systemOf } from './user-agent.ts'
import { idTextOf, valueAt } from './value-at.ts'

const OPTIONS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    id_merge: ID_MERGE,
    keep: {
      type: 'array',
      items: { type: 'string', pattern: '^(x-.+|user_data(\\..+)?)$' },
      description:
        'a key that begins with `x-` or a path in `user_data`, to be sent all the same, such as ' +
        '`x-ga-measurement_id` or `user_data.address.country`',
    },
  },
} as const satisfies OptionsSchema

type Options = FromSchema<typeof OPTIONS>

/**
 * The names of the event data in Mixpanel. The keys are Google's
 * (https://developers.google.com/tag-platform/tag-manager/server-side/common-event-data).
 */
export const NAMES: readonly NameRow[] = [
  ['ip_override', 'ip'],
  ['page_location', '$current_url'],
  ['page_referrer', '$referrer'],
  ['user_agent', '$os', systemOf],
  ['user_agent', '$browser', browserOf],
  ['user_agent', '$browser_version', browserVersionOf],
]

const setNames = createNames(NAMES)
const IDS = ['event_name', 'client_id', 'user_id']
/** The keys that do not become properties of their own name. */
const READ = new Set([...IDS, ...NAMES.map(([path]) => path), 'user_data'])

/** The event data of a server container of Google Tag Manager, as its tags read it. */
export const SGTM = definePreset<Options>(OPTIONS, createSgtm)

function createSgtm({ id_merge: idMerge = 'simplified', keep = [] }: Options): Preset {
  const kept = keep.map((name) => ({ name, keys: keysOf(name) }))

  return function sgtm(input): PresetResult {
    if (!isObject(input) || !Object.hasOwn(input, 'event_name')) return { kind: 'unknown' }
    const event = idTextOf(input.event_name)
    if (event === undefined)
      return { kind: 'rejected', detail: 'event_name is empty', field: 'event' }
    const identity = identityOf(input.user_id, input.client_id, 'user_id')
    if (identity.kind === 'rejected') return identity
    const properties = withoutOwnNames(input, isLeftOut)
    setNames(properties, input)
    setIdentity(properties, identity, idMerge)
    for (const { name, keys } of kept) {
      const value = valueAt(input, keys)
      if (value !== undefined) put(properties, name, value)
    }
    return {
      kind: 'events',
      events: [{ event, properties }, ...identifyEvents(identity, idMerge, undefined)],
    }
  }
}

/** A key that begins with `x-` may hold dots. */
function keysOf(name: string): readonly string[] {
  return name.startsWith('x-') ? [name] : name.split('.')
}

/**
 * Whether a key is read by name, or internal. Google may change keys that begin with `x-` at any time
 * (https://developers.google.com/tag-platform/tag-manager/server-side/immutable-parameters).
 */
function isLeftOut(key: string): boolean {
  return READ.has(key) || key.startsWith('x-')
}

import type { FromSchema } from 'json-schema-to-ts'
import { BAD_ID } from '../../lib/bad-id.ts'
import { hashId } from '../../lib/digest.ts'
import type { MixpanelEvent } from '../types.ts'
import type { Properties } from './names.ts'
import type { OptionsSchema, PresetResult } from './preset.ts'
import { idTextOf } from './value-at.ts'

/** The option of every preset that knows users and devices. */
export const ID_MERGE = {
  enum: ['simplified', 'original'],
  description: 'the ID merge of the Mixpanel project, `simplified` (the default) or `original`',
} as const

export type IdMerge = (typeof ID_MERGE.enum)[number]

/** The options of a preset that has no other. */
export const ID_MERGE_OPTIONS = {
  type: 'object',
  additionalProperties: false,
  properties: { id_merge: ID_MERGE },
} as const satisfies OptionsSchema

export type IdMergeOptions = FromSchema<typeof ID_MERGE_OPTIONS>

type Rejection = Extract<PresetResult, { kind: 'rejected' }>

/** The ids of the user and the device of an event. */
export interface Identity {
  readonly kind: 'identity'
  readonly userId: string | undefined
  readonly deviceId: string | undefined
}

const DEVICE_PREFIX = '$device:'
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/**
 * Reads the ids of an event. A user id of a type that is no id rejects the event, because it would
 * be counted for nobody. A device id that is none, or a placeholder, is left out.
 */
export function identityOf(user: unknown, device: unknown, userKey: string): Identity | Rejection {
  if (typeof user === 'object' && user !== null) return notAnId(userKey)
  if (typeof user === 'boolean') return notAnId(userKey)
  return { kind: 'identity', userId: idTextOf(user), deviceId: deviceIdOf(device) }
}

/**
 * Sets the properties that tell Mixpanel the user. Under simplified ID merge, Mixpanel takes
 * `distinct_id` for a device only with the prefix `$device:`
 * (https://docs.mixpanel.com/docs/tracking-methods/id-management/identifying-users-simplified).
 */
export function setIdentity(
  properties: Properties,
  { userId, deviceId }: Identity,
  idMerge: IdMerge,
): void {
  if (idMerge === 'original') {
    properties.distinct_id = userId ?? deviceId ?? ''
    return
  }
  if (deviceId !== undefined) properties.$device_id = deviceId
  if (userId !== undefined) properties.$user_id = userId
  properties.distinct_id = userId ?? (deviceId === undefined ? '' : `${DEVICE_PREFIX}${deviceId}`)
}

/**
 * Returns the event `$identify` that links the two ids of an event under original ID merge. It has
 * one insert id for each pair, so that Mixpanel removes the copies of a day. Mixpanel takes only a
 * UUID of version 4 for `$anon_id` (https://developer.mixpanel.com/reference/create-identity).
 */
export function identifyEvents(
  { userId, deviceId }: Identity,
  idMerge: IdMerge,
  time: unknown,
): readonly MixpanelEvent[] {
  if (idMerge === 'simplified' || userId === undefined || deviceId === undefined) return []
  if (!UUID_V4.test(deviceId)) return []
  const properties = {
    distinct_id: userId,
    $identified_id: userId,
    $anon_id: deviceId,
    ...(time !== undefined && { time }),
    $insert_id: hashId(['identify', userId, deviceId]),
  }
  return [{ event: '$identify', properties }]
}

/** Mixpanel itself strips one prefix `$device:` of a device id (observed). */
function deviceIdOf(value: unknown): string | undefined {
  const text = idTextOf(value)
  const id = text?.startsWith(DEVICE_PREFIX) ? text.slice(DEVICE_PREFIX.length) : text
  return id === undefined || id.trim() === '' || BAD_ID.test(id) ? undefined : id
}

function notAnId(key: string): Rejection {
  const detail = `${key} is neither a text nor a number`
  return { kind: 'rejected', detail, field: 'properties.distinct_id' }
}

import { hashId } from '../../lib/digest.ts'
import { isObject } from '../../lib/json/is-object.ts'
import { countryCodeOf } from './country-code.ts'
import { itemsOf, parametersOf } from './ga4-parameters.ts'
import {
  ID_MERGE_OPTIONS,
  type IdMergeOptions,
  identifyEvents,
  identityOf,
  setIdentity,
} from './identity.ts'
import {
  createNames,
  type NameRow,
  type Properties,
  setProperties,
  withoutOwnNames,
} from './names.ts'
import { definePreset, type Preset, type PresetResult } from './preset.ts'
import { idTextOf, plainValueOf } from './value-at.ts'

/**
 * The names of the columns of an export in Mixpanel. The columns are Google's
 * (https://support.google.com/analytics/answer/7029846).
 */
const COLUMNS: readonly NameRow[] = [
  ['event_timestamp', 'time', millisecondsOf],
  ['geo.city', '$city', knownValueOf],
  ['geo.region', '$region', knownValueOf],
  ['geo.country', 'mp_country_code', countryCodeOf],
  ['device.operating_system', '$os', knownValueOf],
  ['device.operating_system_version', '$os_version', knownValueOf],
  ['device.web_info.browser', '$browser', knownValueOf],
  ['device.browser', '$browser', knownValueOf],
  ['device.web_info.browser_version', '$browser_version', knownValueOf],
  ['device.browser_version', '$browser_version', knownValueOf],
  ['device.mobile_brand_name', '$manufacturer', knownValueOf],
  ['device.mobile_model_name', '$model', knownValueOf],
  ['device.language', '$locale', knownValueOf],
  ['device.category', 'device_category', knownValueOf],
  ['app_info.version', '$app_version_string', knownValueOf],
  ['app_info.id', 'app_id', knownValueOf],
  ['collected_traffic_source.manual_source', 'utm_source', knownValueOf],
  ['collected_traffic_source.manual_medium', 'utm_medium', knownValueOf],
  ['collected_traffic_source.manual_campaign_name', 'utm_campaign', knownValueOf],
  ['collected_traffic_source.manual_campaign_id', 'utm_id', knownValueOf],
  ['collected_traffic_source.manual_term', 'utm_term', knownValueOf],
  ['collected_traffic_source.manual_content', 'utm_content', knownValueOf],
  ['platform', 'platform', knownValueOf],
  ['stream_id', 'stream_id', knownValueOf],
  ['ecommerce.transaction_id', 'transaction_id', knownValueOf],
  ['ecommerce.purchase_revenue', 'purchase_revenue'],
  ['ecommerce.refund_value', 'refund_value'],
  ['ecommerce.shipping_value', 'shipping_value'],
  ['ecommerce.tax_value', 'tax_value'],
  ['ecommerce.total_item_quantity', 'total_item_quantity'],
  ['items', 'items', itemsOf],
]

/** The names of the parameters that have another name in Mixpanel. */
const PARAMETERS: readonly NameRow[] = [
  ['event_params.page_location', '$current_url', knownValueOf],
  ['event_params.page_referrer', '$referrer', knownValueOf],
]

export const NAMES = [...PARAMETERS, ...COLUMNS]

const setNames = createNames(COLUMNS)
const setParameterNames = createNames(PARAMETERS)
const RENAMED = ['page_location', 'page_referrer']
const isRenamed = (name: string) => RENAMED.includes(name)

/** The columns that tell the events of a bundle apart, which may share name and time. */
const ORDINALS = ['batch_page_id', 'batch_ordering_id', 'batch_event_index']

type Row = Readonly<Properties>

/** The rows of Google Analytics' export to BigQuery, one event each. */
export const GA4 = definePreset<IdMergeOptions>(ID_MERGE_OPTIONS, createGa4)

function createGa4({ id_merge: idMerge = 'simplified' }: IdMergeOptions): Preset {
  return function ga4(row, { line }): PresetResult {
    if (!isObject(row) || !isRow(row)) return { kind: 'unknown' }
    const event = idTextOf(row.event_name)
    if (event === undefined)
      return { kind: 'rejected', detail: 'event_name is empty', field: 'event' }
    const identity = identityOf(row.user_id, row.user_pseudo_id, 'user_id')
    if (identity.kind === 'rejected') return identity
    const parameters = parametersOf(row.event_params)
    const properties = withoutOwnNames(parametersOf(row.user_properties))
    setProperties(properties, withoutOwnNames(parameters, isRenamed))
    setParameterNames(properties, { event_params: parameters })
    setNames(properties, row)
    if (properties.time !== undefined) properties.$insert_id = insertIdOf(row, line)
    setIdentity(properties, identity, idMerge)
    const links = identifyEvents(identity, idMerge, properties.time)
    return { kind: 'events', events: [{ event, properties }, ...links] }
  }
}

function isRow(row: Row): boolean {
  return Object.hasOwn(row, 'event_name') && Object.hasOwn(row, 'event_timestamp')
}

/**
 * Makes the insert id. All events of a bundle share its sequence id: with that id and the name
 * alone, Mixpanel would remove good events as copies.
 */
function insertIdOf(row: Row, line: number): string {
  const ordinals = ORDINALS.map((name) => idTextOf(row[name]) ?? '')
  const place = ordinals.some((text) => text !== '') ? ordinals : [line]
  const parts = ['event_name', 'user_pseudo_id', 'event_timestamp', 'event_bundle_sequence_id']
  return hashId(['ga4', ...parts.map((name) => idTextOf(row[name]) ?? ''), ...place])
}

/**
 * Returns the ms of a time in microseconds. BigQuery writes an integer as a number or as text. A
 * value that is no integer stays, for `prepare` to reject.
 */
function millisecondsOf(value: unknown): unknown {
  if (value === null || value === '') return undefined
  const text = idTextOf(value)
  if (text === undefined || !/^-?\d{4,19}$/.test(text)) return value
  return Number(text.slice(0, -3))
}

/** Google writes `(not set)` for a value that it does not know. */
function knownValueOf(value: unknown): unknown {
  return value === '(not set)' ? undefined : plainValueOf(value)
}

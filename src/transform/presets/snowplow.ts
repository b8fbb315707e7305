import { isObject } from '../../lib/json/is-object.ts'
import {
  ID_MERGE_OPTIONS,
  type IdMergeOptions,
  identifyEvents,
  identityOf,
  setIdentity,
} from './identity.ts'
import { createNames, type NameRow, type Properties, withoutOwnNames } from './names.ts'
import { definePreset, type Preset, type PresetResult } from './preset.ts'
import { browserOf, browserVersionOf, systemOf } from './user-agent.ts'
import { givenValueOf, idTextOf, valueAt } from './value-at.ts'

const YAUAA = 'contexts_nl_basjes_yauaa_context_1.0'
const MOBILE = 'contexts_com_snowplowanalytics_snowplow_mobile_context_1.0'
const APPLICATION = 'contexts_com_snowplowanalytics_mobile_application_1.0'
export const SESSION = 'contexts_com_snowplowanalytics_snowplow_client_session_1.0'

/**
 * The names of an enriched event in Mixpanel, as Snowplow's own event forwarding has them
 * (https://docs.snowplow.io/docs/destinations/forwarding-events/integrations/mixpanel), and for
 * events without the entities that it reads, those of Mixpanel's SDKs.
 */
export const NAMES: readonly NameRow[] = [
  ['event_id', '$insert_id', idTextOf],
  ['derived_tstamp', 'time', givenValueOf],
  ['collector_tstamp', 'time', givenValueOf],
  ['user_ipaddress', 'ip'],
  ['geo_city', '$city'],
  ['geo_region', '$region'],
  ['geo_country', 'mp_country_code'],
  ['page_url', '$current_url'],
  ['page_referrer', '$referrer'],
  ['refr_urlhost', '$referring_domain'],
  [`${YAUAA}.agentName`, '$browser'],
  ['useragent', '$browser', browserOf],
  [`${YAUAA}.agentVersion`, '$browser_version'],
  ['useragent', '$browser_version', browserVersionOf],
  ['os_name', '$os'],
  [`${YAUAA}.operatingSystemName`, '$os'],
  [`${MOBILE}.osType`, '$os'],
  ['useragent', '$os', systemOf],
  [`${YAUAA}.operatingSystemVersion`, '$os_version'],
  [`${MOBILE}.osVersion`, '$os_version'],
  [`${YAUAA}.deviceBrand`, '$manufacturer'],
  [`${MOBILE}.deviceManufacturer`, '$manufacturer'],
  [`${YAUAA}.deviceName`, '$model'],
  [`${MOBILE}.deviceModel`, '$model'],
  [`${MOBILE}.carrier`, '$carrier'],
  [`${MOBILE}.networkTechnology`, '$radio'],
  [`${APPLICATION}.version`, '$app_version_string'],
  [`${APPLICATION}.build`, '$app_build_number'],
  ['dvce_screenwidth', '$screen_width'],
  ['dvce_screenheight', '$screen_height'],
  ['br_lang', '$locale'],
  ['mkt_source', 'utm_source'],
  ['mkt_medium', 'utm_medium'],
  ['mkt_campaign', 'utm_campaign'],
  ['mkt_term', 'utm_term'],
  ['mkt_content', 'utm_content'],
  ['v_tracker', '$lib_version'],
  ['v_tracker', 'mp_lib', libraryOf],
  ['app_id', 'app_id'],
  ['platform', 'platform'],
  ['page_title', 'page_title'],
  ['page_urlhost', 'page_urlhost'],
  ['page_urlpath', 'page_urlpath'],
  ['refr_medium', 'refr_medium'],
  ['refr_source', 'refr_source'],
  ['refr_term', 'refr_term'],
  ['domain_sessionid', 'domain_sessionid'],
  ['domain_sessionidx', 'domain_sessionidx'],
  ['se_category', 'se_category'],
  ['se_action', 'se_action'],
  ['se_label', 'se_label'],
  ['se_property', 'se_property'],
  ['se_value', 'se_value'],
]

const setNames = createNames(NAMES)
const SESSION_USER = `${SESSION}.userId`.split('.')

/** The prefix of the one key that holds the data of a self-describing event. */
const SELF_DESCRIBING = 'unstruct_event_'

const TSV: PresetResult = {
  kind: 'rejected',
  detail:
    'the event is tab-separated, as Snowplow Enrich writes it: put Snowbridge with ' +
    'spEnrichedToJson in front of the topic, which makes JSON of it',
  field: 'event',
}

/** The enriched events of Snowplow as JSON, by Snowbridge's `spEnrichedToJson`. */
export const SNOWPLOW = definePreset<IdMergeOptions>(ID_MERGE_OPTIONS, createSnowplow)

function createSnowplow({ id_merge: idMerge = 'simplified' }: IdMergeOptions): Preset {
  return function snowplow(input): PresetResult {
    if (typeof input === 'string' && input.includes('\t')) return TSV
    if (!isObject(input) || !isEnriched(input)) return { kind: 'unknown' }
    const event = idTextOf(input.event_name)
    if (event === undefined)
      return { kind: 'rejected', detail: 'event_name is empty', field: 'event' }
    const device = input.domain_userid ?? valueAt(input, SESSION_USER)
    const identity = identityOf(input.user_id, device, 'user_id')
    if (identity.kind === 'rejected') return identity
    const properties = withoutOwnNames(selfDescribingData(input))
    setNames(properties, input)
    setIdentity(properties, identity, idMerge)
    const links = identifyEvents(identity, idMerge, properties.time)
    return { kind: 'events', events: [{ event, properties }, ...links] }
  }
}

function libraryOf(tracker: unknown): string | undefined {
  return typeof tracker === 'string' && tracker !== '' ? `Snowplow: ${tracker}` : undefined
}

function isEnriched(input: Readonly<Properties>): boolean {
  return Object.hasOwn(input, 'event_name') && Object.hasOwn(input, 'event_id')
}

/** Returns the data of a self-describing event: `unstruct_event_VENDOR_NAME_VERSION`. */
function selfDescribingData(input: Readonly<Properties>): Readonly<Properties> {
  const key = Object.keys(input).find((name) => name.startsWith(SELF_DESCRIBING))
  const data = key === undefined ? undefined : input[key]
  return isObject(data) ? data : {}
}

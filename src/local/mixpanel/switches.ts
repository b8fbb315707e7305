/** A behaviour of Mixpanel that its sources leave in doubt. */
interface SwitchRule {
  /** The first is the favoured reading, which is the default. */
  readonly choices: readonly [string | number, ...(string | number)[]]
  /** The values allowed besides the choices. An empty event name is not allowed. */
  readonly other?: 'whole number' | 'event name'
  /** The meaning of the choices, and the evidence for them. */
  readonly about: string
}

/** Every behaviour that can be switched while a stand-in runs. */
export const SWITCHES = {
  idManagement: {
    choices: ['simplified', 'original'],
    about:
      'How the project merges ids; simplified for organisations since April 2024 (id-management).',
  },
  identityVerbs: {
    choices: ['sink_batch', 'refused_alone', 'ignored'],
    about:
      'How a simplified project treats $identify, $create_alias and $merge: it refuses their whole batch (live probe, ak--47/mixpanel-import; a mixed batch is unconfirmed), refuses only them, or ignores them in silence (migrating-to-simplified-id-merge-system).',
  },
  host: {
    choices: ['right', 'wrong_401', 'wrong_200'],
    about:
      'Whether this host is that of the project. A host of another region does not know the project (errors/401), or takes all events and keeps none: unconfirmed.',
  },
  strictOmitted: {
    choices: ['0', '1'],
    about:
      'The default without `strict` in the query: legacy answers, as SDKs that leave it out receive (mixpanel-node#231), or 1, the default in the OpenAPI document.',
  },
  acceptHeader: {
    choices: ['optional', 'required'],
    about:
      'Whether strict answers need an Accept header that allows JSON, which some clients send (mixpanel-go); without it the answer is the legacy one. Unconfirmed.',
  },
  ipParameter: {
    choices: ['honoured', 'ignored'],
    about:
      'Whether `ip=0` in the query of /import keeps events from being placed where the request comes from. Documented for /track only; mixpanel-node sends it here too.',
  },
  bareObject: {
    choices: ['refused', 'one_event'],
    about: 'A lone object under application/json: unreadable, or a batch of one. Unconfirmed.',
  },
  emptyBody: {
    choices: ['decode_error', 'data_missing'],
    about:
      'The 400 for a body of 0 bytes: `json decode error ...: EOF` (inferred) or `data, missing or empty` (mixpanel-go fixture).',
  },
  emptyBatch: {
    choices: ['none_imported', 'data_missing'],
    about: '`[]`: 200 with 0 imported, or 400 `data, missing or empty`. Unconfirmed.',
  },
  otherFields: {
    choices: ['ignored', 'refused'],
    about:
      'Fields of an event beside `event` and `properties`: ignored, or refused, as the OpenAPI document allows none. Unconfirmed.',
  },
  unreadableText: {
    choices: ['element_and_offset', 'invalid_json_format'],
    about:
      'The text of the 400 for broken JSON: `json decode error at element idx ...` (mixpanel-java#47, seen for size; inferred for syntax) or `invalid json format` (same).',
  },
  brokenBody: {
    choices: ['stores_nothing', 'stores_records_ahead'],
    about:
      'Whether records ahead of the place at which a body cannot be read on are stored: it is decoded as a stream. Unconfirmed.',
  },
  maxBodyBytes: {
    choices: [10 * 1024 * 1024, 2 * 1024 * 1024],
    other: 'whole number',
    about:
      'The limit of a body, uncompressed: 10 MiB (import-events; mixpanel-java#47), once 2 MiB (sample of the 413).',
  },
  oversizeBody: {
    choices: [400, 413],
    about:
      'A body above the limit: 400 `http: request body too large` (mixpanel-java#47) or 413 (OpenAPI).',
  },
  tooManyEvents: {
    choices: [400, 413],
    about: 'The answer to more than 2000 events. Unconfirmed; mixpanel-go refuses them itself.',
  },
  largeEvent: {
    choices: ['failed_record', 'too_large'],
    about:
      'An event of 1 MB and more: one failed record (errors/413 says it may be) or 413 for the request. Unconfirmed.',
  },
  maxProperties: {
    choices: [254, 255],
    about: 'Fewer than 255 properties (import-events) or up to 255 (events-and-properties).',
  },
  countedProperties: {
    choices: ['all', 'without_required'],
    about: 'Whether time, distinct_id and $insert_id count as properties. Unconfirmed.',
  },
  depthFrom: {
    choices: ['value', 'properties'],
    about:
      'The place of depth 1 of 3: the value of a property, or `properties` itself. Unconfirmed.',
  },
  propertyShape: {
    choices: ['unlimited', 'enforced'],
    about:
      'Whether 8 KB for an object or list, and no nesting in lists of objects (data-type), are enforced by strict=1. Unconfirmed.',
  },
  valueCut: {
    choices: ['characters', 'bytes'],
    about: 'String values are cut to 255 characters (import-events) or bytes (data-type).',
  },
  insertIdRule: {
    choices: ['enforced', 'relaxed'],
    about:
      'At most 36 bytes of [A-Za-z0-9-]: enforced (import-events; mixpanel-utils#40) or not (live tests of Segment and krenalis send 37 and 49 bytes and `*`).',
  },
  missingInsertId: {
    choices: ['refused', 'generated'],
    about:
      'No $insert_id: required (import-events), or given one that matches no other copy (event-deduplication).',
  },
  insertIdField: {
    choices: ['$insert_id', 'properties.$insert_id'],
    about:
      'The name of the field of a bad insert id: as in the body of mixpanel-utils#40, or as for other properties. Inferred for a missing one.',
  },
  insertIdKey: {
    choices: ['insert_id', '$insert_id'],
    about:
      'The key in failed_records: insert_id in the OpenAPI document, mixpanel-go and a body of 2022 (mixpanel-utils#40); $insert_id in import-events.',
  },
  badIdCase: {
    choices: ['insensitive', 'sensitive'],
    about:
      'Whether ANON is as bad an id as anon: a source comment of ak--47/mixpanel-import says so; the documents do not.',
  },
  badIdsOn: {
    choices: ['distinct_and_insert_id', 'user_and_device_id_too'],
    about:
      'Which ids may not be one of the 17 bad ids: two (import-events), or $user_id and $device_id as well. Unconfirmed.',
  },
  numericDistinctId: {
    choices: ['accepted', 'refused'],
    about: 'A distinct_id that is a number. The OpenAPI document wants a string; unconfirmed.',
  },
  textTime: {
    choices: ['refused', 'accepted'],
    about:
      'A `time` of digits in a string: no document says when `must be specified as seconds since epoch` is answered.',
  },
  millisecondsAbove: {
    choices: [1e12, 1e11],
    other: 'whole number',
    about:
      'A larger `time` is in ms. Undocumented; 1e12 is an observation of ak--47/mixpanel-import.',
  },
  nearFuture: {
    choices: ['clamped', 'kept'],
    about: 'A time up to an hour ahead: stored as now (import-events), or as sent. Inferred.',
  },
  farFuture: {
    choices: ['refused', 'clamped'],
    about:
      'A time more than an hour ahead: refused (live at +7 h and in 2100), or overwritten with the present (import-events says both).',
  },
  retentionDays: {
    choices: ['unlimited', 730],
    other: 'whole number',
    about:
      'How old an event may be: a far past is taken (Segment, live), or refused with a text that holds `retention` beyond some 730 days (ak--47/mixpanel-import). 1971 is the floor of both.',
  },
  hotShardEvents: {
    choices: [200_000, 'unlimited'],
    other: 'whole number',
    about:
      'How many events a distinct id may have in a day; more are renamed $hotshard_events in silence, and lose their distinct id (hot-shard-limits).',
  },
  ignoredEvents: {
    choices: ['uncounted', 'counted'],
    about:
      'Whether what is dropped in silence ($ignore, drop filters) counts in num_records_imported. Unconfirmed.',
  },
  failedRecordsMax: {
    choices: ['unlimited', 10],
    other: 'whole number',
    about: 'The most rows of failed_records: lookup tables stop at 10; unconfirmed for /import.',
  },
  dedupDistinctId: {
    choices: ['resolved', 'sent'],
    about: 'The distinct id by which a simplified project finds copies. Unconfirmed.',
  },
  dedupDays: {
    choices: ['unlimited', 20],
    other: 'whole number',
    about:
      'For how many days after its arrival an event still has its copies removed: no window is documented, and compaction runs again after some 20 days (event-deduplication). Unconfirmed.',
  },
  credentialStatus: {
    choices: [401, 400],
    about:
      'The status for bad credentials: 401 (OpenAPI); tests of mixpanel/sheets read only the body.',
  },
  credentialBody: {
    choices: ['whole', 'abridged'],
    about: 'With `status` (OpenAPI), or `code` and `error` only (quoted by segevsh/w6w-apps).',
  },
  throttleForm: {
    choices: ['documented', 'legacy', 'gateway_504'],
    about:
      'The answer above the quota: the 429 of the OpenAPI document, one with a numeric status and no code (mixpanel-node#231), or 504 `Too many requests` (community, unconfirmed).',
  },
  retryAfter: {
    choices: ['none', 'seconds', 'date'],
    about:
      'The header Retry-After of a 429: absent (errors/429), or there (rudder-transformer says so). Unconfirmed.',
  },
  engageText: {
    choices: ['some_valid', 'all_valid'],
    about:
      'When /engage and /groups answer 1: at least one update is valid (ingestion.openapi), or all are (identity.openapi).',
  },
  engageStrict: {
    choices: ['ignored', 'counted'],
    about:
      'Whether strict=1 adds num_good_events to a verbose answer of /engage, where ak--47/mixpanel-import reads it. Unconfirmed.',
  },
  engageVerbose2: {
    choices: ['as_1', 'unknown'],
    about:
      'The meaning of verbose=2 on /engage and /groups, which user-profiles and rudder-transformer send: the same as 1, or nothing. Unconfirmed.',
  },
  groupAdd: {
    choices: ['refused', 'accepted'],
    about: '$add on /groups: unsupported (user-profiles), yet on the page of the batch endpoint.',
  },
  poison: {
    choices: [''],
    other: 'event name',
    about:
      'An event of this name makes Mixpanel refuse its whole batch, by a 400 that names no record.',
  },
  dropFilter: {
    choices: [''],
    other: 'event name',
    about: 'An event of this name is dropped in silence, as by a drop filter (data-clean-up).',
  },
} as const satisfies Readonly<Record<string, SwitchRule>>

type Table = typeof SWITCHES

/** The value of each switch. */
export type Switches = { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

type ValueOf<Rule extends SwitchRule> =
  | Rule['choices'][number]
  | (Rule extends { readonly other: 'whole number' } ? number : never)
  | (Rule extends { readonly other: 'event name' } ? string : never)

/** The switches of one stand-in. */
export interface Switchboard {
  /** Returns the present values; a later `set` does not change the returned object. */
  values(): Switches
  /** Throws, and changes nothing, when a name or value is unknown: the error lists the choices. */
  set(changes: Partial<Switches>): void
  /** Sets every switch to its first choice. */
  reset(): void
}

/** Creates switches at their first choices, except `initial`. Throws as `set` does. */
export function createSwitchboard(initial: Partial<Switches> = {}): Switchboard {
  let values = FAVOURED
  set(initial)

  return {
    values: () => values,
    set,
    reset: () => {
      values = FAVOURED
    },
  }

  function set(changes: Partial<Switches>): void {
    const complaint = switchComplaint(changes)
    if (complaint !== undefined) throw new Error(complaint)
    values = { ...values, ...changes }
  }
}

/** Every switch at its first choice. */
export const FAVOURED: Switches = Object.assign(
  {},
  ...rules().map(([name, { choices }]) => ({ [name]: choices[0] })),
)

/** Whether parsed JSON is what `set` takes. */
export function areSwitchChanges(value: object): value is Partial<Switches> {
  return switchComplaint(value) === undefined
}

/** Says what is wrong with some changes, and lists the choices; `undefined` when all are valid. */
export function switchComplaint(changes: object): string | undefined {
  const complaints = Object.entries(changes).flatMap(([name, value]) => findComplaints(name, value))
  return complaints.length === 0 ? undefined : complaints.join('\n')
}

/** The values a switch takes, for people: `insert_id | $insert_id`. */
export function describeChoices({ choices, other }: SwitchRule): string {
  const texts = choices.map((choice) => JSON.stringify(choice))
  return [...texts, ...(other === undefined ? [] : [`any ${other}`])].join(' | ')
}

function findComplaints(name: string, value: unknown): readonly string[] {
  const [, rule] = rules().find(([known]) => known === name) ?? []
  if (rule === undefined) {
    return [`no such switch: ${name}; there are ${Object.keys(SWITCHES).join(', ')}`]
  }
  if (accepts(rule, value)) return []
  return [`switch ${name} cannot be ${JSON.stringify(value)}; it is ${describeChoices(rule)}`]
}

function accepts({ choices, other }: SwitchRule, value: unknown): boolean {
  if (choices.some((choice) => choice === value)) return true
  if (other === 'event name') return typeof value === 'string'
  return other === 'whole number' && Number.isSafeInteger(value) && Number(value) > 0
}

function rules(): readonly (readonly [string, SwitchRule])[] {
  return Object.entries(SWITCHES)
}

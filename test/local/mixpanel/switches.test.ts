import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  createSwitchboard,
  FAVOURED,
  SWITCHES,
  type Switches,
} from '../../../src/local/mixpanel/switches.ts'
import type { MixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import {
  aRecord,
  basic,
  type ImportAnswer,
  type ImportOptions,
  NOW,
  NOW_SECONDS,
  postImport,
} from '../post-import.ts'
import { startMixpanel } from '../start-local.ts'

const GOOD = aRecord()
const BAD = aRecord({ time: 'yesterday', $insert_id: 'insert-bad' })
const HOUR_SECONDS = 3600
const DAY_SECONDS = 24 * HOUR_SECONDS
const OBJECT = JSON.stringify(GOOD)

const ONE = { status: 200, body: { num_records_imported: 1 } }
const NONE = { status: 200, body: { num_records_imported: 0 } }
const LEGACY = { status: 200, body: '1' }
const DATA_MISSING = { status: 400, body: { error: 'data, missing or empty', status: 0 } }
const IDENTITY_REFUSAL =
  'identity events are not allowed when project is using simplified identity management'

/** The effect of a request with a switch in one position. */
interface Position {
  readonly set: Partial<Switches>
  /** The members that the answer holds at least. */
  readonly answer: Partial<ImportAnswer>
  /** How many rows it leaves; one when absent. */
  readonly rows?: number
  /** The members that the rows hold at least. */
  readonly row?: object
}

interface Case {
  readonly what: string
  readonly body: Parameters<typeof postImport>[1]
  readonly options?: ImportOptions
  /** Holds in all positions. */
  readonly besides?: Partial<Switches>
  /** The first is what holds when nothing is set. */
  readonly positions: readonly [Position, ...Position[]]
}

const cases: readonly Case[] = [
  {
    what: 'a distinct id beside a user id',
    body: [aRecord({ $user_id: 'u' })],
    positions: [
      { set: { idManagement: 'simplified' }, answer: ONE, row: { distinctId: 'u' } },
      { set: { idManagement: 'original' }, answer: ONE, row: { distinctId: 'ada' } },
    ],
  },
  {
    what: 'a batch with $identify',
    body: [GOOD, aRecord({}, '$identify')],
    positions: [
      {
        set: { identityVerbs: 'sink_batch' },
        answer: refusal([IDENTITY_REFUSAL], 0),
        rows: 0,
      },
      { set: { identityVerbs: 'refused_alone' }, answer: refusal([IDENTITY_REFUSAL], 1) },
      { set: { identityVerbs: 'ignored' }, answer: ONE },
      {
        set: { idManagement: 'original' },
        answer: { status: 200, body: { num_records_imported: 2 } },
        rows: 2,
      },
    ],
  },
  {
    what: 'the right credentials',
    body: [GOOD],
    positions: [
      { set: { host: 'right' }, answer: ONE },
      { set: { host: 'wrong_401' }, answer: { status: 401 }, rows: 0 },
      { set: { host: 'wrong_200' }, answer: ONE, rows: 0 },
    ],
  },
  {
    what: 'a query without strict',
    body: [GOOD],
    options: { query: '' },
    positions: [
      { set: { strictOmitted: '0' }, answer: LEGACY },
      { set: { strictOmitted: '1' }, answer: ONE },
    ],
  },
  {
    what: 'an Accept header for text alone',
    body: [GOOD],
    options: { headers: { accept: 'text/html' } },
    positions: [
      { set: { acceptHeader: 'optional' }, answer: ONE },
      { set: { acceptHeader: 'required' }, answer: LEGACY },
    ],
  },
  ...['text/plain, application/json', '*/*'].map((accept): Case => {
    return {
      what: `an Accept header for ${accept}`,
      body: [GOOD],
      options: { headers: { accept } },
      positions: [{ set: { acceptHeader: 'required' }, answer: ONE }],
    }
  }),
  {
    what: 'ip=0 in the query',
    body: [GOOD],
    options: { query: 'strict=1&ip=0' },
    positions: [
      { set: { ipParameter: 'honoured' }, answer: ONE, row: { location: 'none' } },
      { set: { ipParameter: 'ignored' }, answer: ONE, row: { location: 'request' } },
    ],
  },
  {
    what: 'a lone object',
    body: ` ${OBJECT}\n`,
    positions: [
      { set: { bareObject: 'refused' }, answer: { status: 400 }, rows: 0 },
      { set: { bareObject: 'one_event' }, answer: ONE, row: { raw: OBJECT } },
    ],
  },
  {
    what: 'an array',
    body: [GOOD],
    positions: [
      { set: { bareObject: 'one_event' }, answer: ONE },
      { set: { emptyBody: 'data_missing' }, answer: ONE },
      { set: { emptyBatch: 'data_missing' }, answer: ONE },
    ],
  },
  {
    what: 'an empty body',
    body: '',
    positions: [
      { set: { emptyBody: 'decode_error' }, answer: decodeError(0, 0, 'EOF'), rows: 0 },
      { set: { emptyBody: 'data_missing' }, answer: DATA_MISSING, rows: 0 },
    ],
  },
  {
    what: 'a batch of none',
    body: '[]',
    positions: [
      { set: { emptyBatch: 'none_imported' }, answer: NONE, rows: 0 },
      { set: { emptyBatch: 'data_missing' }, answer: DATA_MISSING, rows: 0 },
    ],
  },
  {
    what: 'a body cut off',
    body: `[${OBJECT},{"ev`,
    positions: [
      {
        set: { unreadableText: 'element_and_offset' },
        answer: decodeError(1, OBJECT.length + 2, 'unexpected EOF'),
        rows: 0,
      },
      {
        set: { unreadableText: 'invalid_json_format' },
        answer: { status: 400, body: { error: 'invalid json format', status: 0 } },
        rows: 0,
      },
      { set: { brokenBody: 'stores_records_ahead' }, answer: { status: 400 } },
    ],
  },
  {
    what: 'a bad record behind a good one',
    body: `[${OBJECT},{"event":}]`,
    positions: [
      { set: { brokenBody: 'stores_nothing' }, answer: { status: 400 }, rows: 0 },
      { set: { brokenBody: 'stores_records_ahead' }, answer: { status: 400 } },
    ],
  },
  {
    what: 'a body that outgrows the limit in its second record',
    body: [GOOD, GOOD],
    besides: { maxBodyBytes: OBJECT.length + 10 },
    positions: [
      {
        set: { oversizeBody: 400 },
        answer: decodeError(1, OBJECT.length + 2, 'http: request body too large'),
        rows: 0,
      },
      { set: { brokenBody: 'stores_records_ahead' }, answer: { status: 400 } },
      {
        set: { oversizeBody: 413 },
        answer: tooLarge(`${OBJECT.length + 10} bytes`),
        rows: 0,
      },
    ],
  },
  {
    what: 'a body of more than 2 MiB',
    body: `[${OBJECT}]`.padEnd(2 * 1024 * 1024 + 1),
    positions: [
      { set: { maxBodyBytes: 10 * 1024 * 1024 }, answer: ONE },
      { set: { maxBodyBytes: 2 * 1024 * 1024 }, answer: { status: 400 }, rows: 0 },
    ],
  },
  {
    what: 'more than 2000 records',
    body: Array(2001).fill(GOOD),
    positions: [
      { set: { tooManyEvents: 400 }, answer: { status: 400 }, rows: 0 },
      { set: { tooManyEvents: 413 }, answer: tooLarge('2000 events'), rows: 0 },
    ],
  },
  {
    what: 'an event with a field of its own',
    body: [GOOD, { ...aRecord(), source: 'web' }],
    positions: [
      { set: { otherFields: 'ignored' }, answer: { status: 200 }, rows: 2 },
      { set: { otherFields: 'refused' }, answer: refusal([{ index: 1, field: 'source' }], 1) },
    ],
  },
  {
    what: 'an event of 1 MiB beside a small one',
    body: [GOOD, aRecord({ text: 'x'.repeat(1024 * 1024) })],
    positions: [
      { set: { largeEvent: 'failed_record' }, answer: refusal([{ index: 1, field: 'event' }], 1) },
      { set: { largeEvent: 'too_large' }, answer: tooLarge('1048576 bytes'), rows: 0 },
    ],
  },
  {
    what: '255 properties',
    body: [aRecord(numbered(252))],
    positions: [
      { set: { maxProperties: 254 }, answer: refusal([{ field: 'properties' }], 0), rows: 0 },
      { set: { maxProperties: 255 }, answer: ONE },
      { set: { countedProperties: 'without_required' }, answer: ONE },
    ],
  },
  {
    what: '257 properties of which three are required',
    body: [aRecord(numbered(254))],
    positions: [
      { set: { countedProperties: 'all' }, answer: { status: 400 }, rows: 0 },
      { set: { countedProperties: 'without_required' }, answer: ONE },
    ],
  },
  {
    what: '258 properties of which three are required',
    body: [aRecord(numbered(255))],
    positions: [
      { set: { countedProperties: 'without_required' }, answer: { status: 400 }, rows: 0 },
    ],
  },
  {
    what: 'a value with three levels',
    body: [aRecord({ cart: { item: { price: {} } } })],
    positions: [
      { set: { depthFrom: 'value' }, answer: ONE },
      {
        set: { depthFrom: 'properties' },
        answer: refusal([{ field: 'properties.cart' }], 0),
        rows: 0,
      },
    ],
  },
  {
    what: 'a list of 8 KB',
    body: [aRecord({ list: ['x'.repeat(8 * 1024 - 4)] })],
    positions: [{ set: { propertyShape: 'enforced' }, answer: ONE }],
  },
  {
    what: 'a list of a byte more than 8 KB',
    body: [aRecord({ list: ['x'.repeat(8 * 1024 - 3)] })],
    positions: [
      { set: { propertyShape: 'unlimited' }, answer: ONE },
      {
        set: { propertyShape: 'enforced' },
        answer: refusal([{ field: 'properties.list' }], 0),
        rows: 0,
      },
    ],
  },
  {
    what: 'a list of objects that hold lists',
    body: [aRecord({ list: [{ a: 1 }, { b: [] }] })],
    positions: [
      { set: { propertyShape: 'unlimited' }, answer: ONE },
      { set: { propertyShape: 'enforced' }, answer: { status: 400 }, rows: 0 },
    ],
  },
  {
    what: 'lists and objects as they should be',
    body: [aRecord({ list: [{ a: 1 }, { b: 2 }], texts: ['a'], object: { a: [] } })],
    positions: [{ set: { propertyShape: 'enforced' }, answer: ONE }],
  },
  {
    what: '200 characters of two bytes',
    body: [aRecord({ title: 'é'.repeat(200) })],
    positions: [
      {
        set: { valueCut: 'characters' },
        answer: ONE,
        row: { properties: { title: 'é'.repeat(200) } },
      },
      { set: { valueCut: 'bytes' }, answer: ONE, row: { properties: { title: 'é'.repeat(127) } } },
    ],
  },
  ...['a'.repeat(37), 'a:b'].map(($insert_id): Case => {
    return {
      what: `the insert id ${$insert_id}`,
      body: [aRecord({ $insert_id })],
      positions: [
        {
          set: { insertIdRule: 'enforced' },
          answer: refusal([{ field: '$insert_id' }], 0),
          rows: 0,
        },
        { set: { insertIdRule: 'relaxed' }, answer: ONE, row: { insertId: $insert_id } },
      ],
    }
  }),
  {
    what: 'a bad id for insert id',
    body: [aRecord({ $insert_id: 'null' })],
    positions: [
      { set: { insertIdRule: 'relaxed' }, answer: { status: 400 }, rows: 0 },
      {
        set: { insertIdField: '$insert_id' },
        answer: refusal([{ field: '$insert_id' }], 0),
        rows: 0,
      },
      {
        set: { insertIdField: 'properties.$insert_id' },
        answer: refusal(
          [
            {
              field: 'properties.$insert_id',
              message: "'properties.$insert_id' is invalid: must not be a placeholder id",
            },
          ],
          0,
        ),
        rows: 0,
      },
    ],
  },
  {
    what: 'no insert id',
    body: [aRecord({ $insert_id: undefined })],
    positions: [
      {
        set: { missingInsertId: 'refused' },
        answer: refusal([{ field: '$insert_id' }], 0),
        rows: 0,
      },
      { set: { missingInsertId: 'generated' }, answer: ONE, row: { insertId: 'generated-1' } },
    ],
  },
  {
    what: 'a record that fails',
    body: [BAD],
    positions: [
      {
        set: { insertIdKey: 'insert_id' },
        answer: refusal([{ insert_id: 'insert-bad' }], 0),
        rows: 0,
      },
      {
        set: { insertIdKey: '$insert_id' },
        answer: refusal([{ $insert_id: 'insert-bad' }], 0),
        rows: 0,
      },
    ],
  },
  {
    what: 'the distinct id ANON',
    body: [aRecord({ distinct_id: 'ANON' })],
    positions: [
      { set: { badIdCase: 'insensitive' }, answer: { status: 400 }, rows: 0 },
      { set: { badIdCase: 'sensitive' }, answer: ONE },
    ],
  },
  ...['$user_id', '$device_id'].map((name): Case => {
    return {
      what: `a bad id under ${name}`,
      body: [aRecord({ [name]: 'null' })],
      positions: [
        { set: { badIdsOn: 'distinct_and_insert_id' }, answer: ONE },
        {
          set: { badIdsOn: 'user_and_device_id_too' },
          answer: refusal([{ field: `properties.${name}` }], 0),
          rows: 0,
        },
      ],
    }
  }),
  {
    what: 'good ids everywhere',
    body: [aRecord({ $user_id: 'u', $device_id: 'd' })],
    positions: [{ set: { badIdsOn: 'user_and_device_id_too' }, answer: ONE }],
  },
  {
    what: 'a number for a distinct id',
    body: [aRecord({ distinct_id: 42 })],
    positions: [
      { set: { numericDistinctId: 'accepted' }, answer: ONE, row: { distinctId: '42' } },
      {
        set: { numericDistinctId: 'refused' },
        answer: refusal([{ field: 'properties.distinct_id' }], 0),
        rows: 0,
      },
    ],
  },
  {
    what: 'digits in a text for a time',
    body: [aRecord({ time: String(NOW_SECONDS) })],
    positions: [
      { set: { textTime: 'refused' }, answer: { status: 400 }, rows: 0 },
      { set: { textTime: 'accepted' }, answer: ONE, row: { time: NOW } },
    ],
  },
  {
    what: 'another text for a time',
    body: [aRecord({ time: '2025-12-31' })],
    positions: [{ set: { textTime: 'accepted' }, answer: { status: 400 }, rows: 0 }],
  },
  {
    what: 'the milliseconds of 1990',
    body: [aRecord({ time: 631_152_000_000 })],
    positions: [
      { set: { millisecondsAbove: 1e12 }, answer: { status: 400 }, rows: 0 },
      { set: { millisecondsAbove: 1e11 }, answer: ONE, row: { time: 631_152_000_000 } },
    ],
  },
  {
    what: 'the last millisecond of 1970 and the first of 1971',
    body: [aRecord({ time: 31_535_999_999 }), aRecord({ time: 31_536_000_000 })],
    positions: [
      {
        set: { millisecondsAbove: 1e10 },
        answer: refusal([{ index: 0, field: 'properties.time' }], 1),
        row: { time: 31_536_000_000 },
      },
    ],
  },
  {
    what: 'a time half an hour ahead',
    body: [aRecord({ time: NOW_SECONDS + HOUR_SECONDS / 2 })],
    positions: [
      { set: { nearFuture: 'clamped' }, answer: ONE, row: { time: NOW } },
      { set: { nearFuture: 'kept' }, answer: ONE, row: { time: NOW + 1_800_000 } },
    ],
  },
  {
    what: 'a time two hours ahead',
    body: [aRecord({ time: NOW_SECONDS + 2 * HOUR_SECONDS })],
    positions: [
      { set: { farFuture: 'refused' }, answer: { status: 400 }, rows: 0 },
      { set: { farFuture: 'clamped' }, answer: ONE, row: { time: NOW } },
      { set: { farFuture: 'clamped', nearFuture: 'kept' }, answer: ONE, row: { time: NOW } },
    ],
  },
  {
    what: 'an event of 731 days ago',
    body: [aRecord({ time: NOW_SECONDS - 731 * DAY_SECONDS })],
    positions: [
      { set: { retentionDays: 'unlimited' }, answer: ONE },
      {
        set: { retentionDays: 730 },
        answer: refusal(
          [
            {
              field: 'properties.time',
              message:
                "'properties.time' is invalid: must be within the retention period of the project",
            },
          ],
          0,
        ),
        rows: 0,
      },
      { set: { retentionDays: 731 }, answer: ONE },
    ],
  },
  {
    what: 'an event that is ignored',
    body: [GOOD, aRecord({ $ignore: true })],
    positions: [
      { set: { ignoredEvents: 'uncounted' }, answer: ONE },
      {
        set: { ignoredEvents: 'counted' },
        answer: { status: 200, body: { num_records_imported: 2 } },
      },
    ],
  },
  {
    what: 'eleven records that fail',
    body: Array(11).fill(BAD),
    positions: [
      { set: { failedRecordsMax: 'unlimited' }, answer: refusal(Array(11).fill({}), 0), rows: 0 },
      { set: { failedRecordsMax: 10 }, answer: refusal(Array(10).fill({}), 0), rows: 0 },
    ],
  },
  {
    what: 'bad credentials',
    body: [GOOD],
    options: { headers: { authorization: basic('nobody', '') } },
    positions: [
      { set: { credentialStatus: 401 }, answer: { status: 401, body: { code: 401 } }, rows: 0 },
      {
        set: { credentialStatus: 400 },
        answer: { status: 400, body: { code: 400, status: 'Bad Request' } },
        rows: 0,
      },
    ],
  },
  {
    what: 'an event of a poisonous name',
    body: [GOOD, aRecord({}, 'poison')],
    positions: [
      {
        set: { poison: '' },
        answer: { status: 200, body: { num_records_imported: 2 } },
        rows: 2,
      },
      {
        set: { poison: 'poison' },
        answer: refusal(['an event of this batch cannot be imported'], 0),
        rows: 0,
      },
    ],
  },
  {
    what: 'an event of a poisonous name without strict=1',
    body: [GOOD, aRecord({}, 'poison')],
    options: { query: 'strict=0' },
    positions: [{ set: { poison: 'poison' }, answer: { status: 200, body: '0' }, rows: 0 }],
  },
  {
    what: 'an event without a name',
    body: [GOOD, aRecord({}, '')],
    positions: [
      { set: { poison: '' }, answer: refusal([{ index: 1, field: 'event' }], 1) },
      { set: { dropFilter: '' }, answer: refusal([{ index: 1, field: 'event' }], 1) },
    ],
  },
  {
    what: 'an event that a drop filter names',
    body: [GOOD, aRecord({}, 'noise')],
    positions: [
      { set: { dropFilter: '' }, answer: { status: 200 }, rows: 2 },
      { set: { dropFilter: 'noise' }, answer: ONE },
    ],
  },
]

describe('a stand-in in one position of a switch', () => {
  for (const { what, body, options, besides, positions } of cases) {
    for (const { set, answer, rows = 1, row = {} } of positions) {
      it(`takes ${what} as with ${JSON.stringify(set)}`, async (t) => {
        const mixpanel = await startMixpanel(t, { switches: { ...besides, ...set } })

        assert.partialDeepStrictEqual(await postImport(mixpanel.url, body, options), answer)

        assert.equal(mixpanel.rows().length, rows)
        if (rows > 0) assert.partialDeepStrictEqual(mixpanel.rows()[0], row)
      })
    }
  }

  it('lists as many failed records as there are, or as may be', async (t) => {
    const lengthWith = async (failedRecordsMax: Switches['failedRecordsMax']) => {
      const mixpanel = await startMixpanel(t, { switches: { failedRecordsMax } })
      const { body } = await postImport(mixpanel.url, Array(11).fill(BAD))
      const { failed_records }: { failed_records?: unknown[] } = Object(body)
      return failed_records?.length
    }

    assert.deepEqual([await lengthWith('unlimited'), await lengthWith(10)], [11, 10])
  })

  it('refuses bad credentials with or without a status in the body', async (t) => {
    const bodyWith = async (credentialBody: Switches['credentialBody']) => {
      const mixpanel = await startMixpanel(t, { switches: { credentialBody } })
      const headers = { authorization: undefined }
      return (await postImport(mixpanel.url, [GOOD], { headers })).body
    }
    const error = 'Invalid credentials'

    assert.deepEqual(await bodyWith('whole'), { code: 401, error, status: 'Unauthorized' })
    assert.deepEqual(await bodyWith('abridged'), { code: 401, error })
  })

  it('tells copies apart by the resolved distinct id or by the one that was sent', async (t) => {
    const mixpanel = await startMixpanel(t)
    const copies = ['phone', 'desk'].map((distinct_id) => aRecord({ distinct_id, $user_id: 'u' }))

    await postImport(mixpanel.url, copies)
    const views = (): readonly number[] => [
      mixpanel.deduplicated().length,
      mixpanel.compacted().length,
    ]

    assert.deepEqual(views(), [1, 1])
    mixpanel.switches.set({ dedupDistinctId: 'sent' })
    assert.deepEqual(views(), [2, 2])
  })

  it('removes a copy whenever it comes, or only for so many days', async (t) => {
    const clock = { at: NOW }
    const mixpanel = await startMixpanel(t, { now: () => clock.at })
    const views = (): readonly number[] => [
      mixpanel.deduplicated().length,
      mixpanel.compacted().length,
    ]

    await postImport(mixpanel.url, [GOOD])
    clock.at += 20 * DAY_SECONDS * 1000
    await postImport(mixpanel.url, [GOOD])

    assert.deepEqual(views(), [1, 1])
    mixpanel.switches.set({ dedupDays: 20 })
    assert.deepEqual(views(), [1, 1])
    mixpanel.switches.set({ dedupDays: 19 })
    assert.deepEqual(views(), [2, 2])
  })

  it('gives each event without an insert id one of its own', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { missingInsertId: 'generated' } })
    const without = aRecord({ $insert_id: undefined })

    await postImport(mixpanel.url, [without])
    await postImport(mixpanel.url, [without])

    assert.equal(mixpanel.deduplicated().length, 2)
  })

  it('gives events without a distinct id one together, unless strict=1 refuses them', async (t) => {
    const mixpanel = await startMixpanel(t)
    const without = aRecord({ distinct_id: undefined })

    const legacy = await postImport(mixpanel.url, [without], { query: 'strict=0' })
    const strict = await postImport(mixpanel.url, [without])

    assert.deepEqual([legacy.status, strict.status], [200, 400])
    assert.deepEqual(
      mixpanel.rows().map(({ distinctId, sentDistinctId }) => [distinctId, sentDistinctId]),
      [['hash-of-the-request-ip', '']],
    )
  })
})

describe('the switches', () => {
  it('hold the favoured reading when nothing is set', async (t) => {
    const mixpanel: MixpanelStandIn = await startMixpanel(t)

    assert.deepEqual(mixpanel.switches.values(), FAVOURED)
    for (const [name, { choices }] of Object.entries(SWITCHES)) {
      assert.equal(Object(FAVOURED)[name], choices[0], name)
    }
  })

  it('are shown in all their positions: here, or in the file named for what they are of', () => {
    const shownHere = new Set(cases.flatMap(({ positions }) => positions.map(({ set }) => set)))
    const elsewhere: Readonly<Record<string, string>> = {
      credentialBody: 'below the table of cases',
      dedupDistinctId: 'below the table of cases',
      dedupDays: 'below the table of cases',
      throttleForm: 'quota.test.ts',
      retryAfter: 'quota.test.ts',
      hotShardEvents: 'hot-shards.test.ts',
      engageText: 'profiles.test.ts',
      engageStrict: 'profiles.test.ts',
      engageVerbose2: 'profiles.test.ts',
      groupAdd: 'profiles.test.ts',
    }

    const missing = Object.entries(SWITCHES).flatMap(([name, { choices }]) => {
      if (name in elsewhere) return []
      return choices
        .filter((choice) => ![...shownHere].some((set) => Object(set)[name] === choice))
        .map((choice) => `${name}: ${choice}`)
    })

    assert.deepEqual(missing, [])
  })

  it('are set while the stand-in runs, each by itself', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { insertIdKey: '$insert_id' } })
    assert.equal((await postImport(mixpanel.url, [aRecord({}, '$merge')])).status, 400)

    mixpanel.switches.set({ idManagement: 'original' })

    assert.equal((await postImport(mixpanel.url, [aRecord({}, '$merge')])).status, 200)
    assert.equal(mixpanel.switches.values().insertIdKey, '$insert_id')
  })

  it('all go back to the favoured reading at once', () => {
    const switches = createSwitchboard({ poison: 'p', oversizeBody: 413 })

    switches.reset()

    assert.deepEqual(switches.values(), FAVOURED)
  })

  it('take numbers and names besides the choices only where they say so', () => {
    const switches = createSwitchboard()

    switches.set({ maxBodyBytes: 1, retentionDays: 90, poison: 'any name' })

    assert.partialDeepStrictEqual(switches.values(), { maxBodyBytes: 1, retentionDays: 90 })
  })

  for (const { changes, message } of [
    { changes: { colour: 'red' }, message: /^no such switch: colour; there are idManagement, / },
    {
      changes: { insertIdKey: 'id' },
      message: /^switch insertIdKey cannot be "id"; it is "insert_id" \| "\$insert_id"$/,
    },
    {
      changes: { maxBodyBytes: 0.5 },
      message: /^switch maxBodyBytes cannot be 0.5; it is 10485760 \| 2097152 \| any whole number$/,
    },
    { changes: { maxBodyBytes: 0 }, message: /^switch maxBodyBytes cannot be 0;/ },
    { changes: { maxProperties: 300 }, message: /^switch maxProperties cannot be 300;/ },
    { changes: { poison: 7 }, message: /^switch poison cannot be 7; it is "" \| any event name$/ },
    { changes: { poison: undefined }, message: /^switch poison cannot be undefined;/ },
    {
      changes: { insertIdKey: 1, poison: 2 },
      message: /^switch insertIdKey cannot be 1;.*\nswitch poison cannot be 2;/,
    },
  ]) {
    it(`stay as they are when told ${JSON.stringify(changes)}, and say what there is`, () => {
      const switches = createSwitchboard()
      const set: (wrong: object) => void = switches.set

      assert.throws(() => set({ oversizeBody: 413, ...changes }), { message })

      assert.deepEqual(switches.values(), FAVOURED)
    })
  }
})

function refusal(rows: readonly unknown[], imported: number): Partial<ImportAnswer> {
  return { status: 400, body: { failed_records: rows, num_records_imported: imported } }
}

function decodeError(index: number, offset: number, reason: string): Partial<ImportAnswer> {
  const error = `json decode error at element idx: ${index}, byte_offset: ${offset}: ${reason}`
  return { status: 400, body: { error, status: 0 } }
}

function tooLarge(limit: string): Partial<ImportAnswer> {
  const error = `request exceeds max limit of ${limit}`
  return { status: 413, body: { code: 413, error, status: 'Request Entity Too Large' } }
}

function numbered(count: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]))
}

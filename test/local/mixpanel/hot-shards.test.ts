import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SWITCHES } from '../../../src/local/mixpanel/switches.ts'
import { aRecord, NOW_SECONDS, postImport } from '../post-import.ts'
import { startMixpanel } from '../start-local.ts'

const DAY_SECONDS = 24 * 60 * 60

describe('events of one distinct id beyond what it may have in a day', () => {
  it('are imported under another name, as nobody, without a word', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { hotShardEvents: 2 } })

    const batch = [aRecord(), aRecord({ $insert_id: 'insert-2' })]
    await postImport(mixpanel.url, batch)
    const answer = await postImport(mixpanel.url, [aRecord({ $insert_id: 'insert-3' })])

    assert.partialDeepStrictEqual(answer, { status: 200, body: { num_records_imported: 1 } })
    assert.deepEqual(
      mixpanel.rows().map(({ event, distinctId, sentDistinctId }) => {
        return [event, distinctId, sentDistinctId]
      }),
      [
        ['signup', 'ada', 'ada'],
        ['signup', 'ada', 'ada'],
        ['$hotshard_events', '', ''],
      ],
    )
  })

  it('are told by distinct id and UTC day, and copies count', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { hotShardEvents: 1 } })
    const records = [
      aRecord(),
      aRecord({ distinct_id: 'bob' }),
      aRecord({ time: NOW_SECONDS - 60 - DAY_SECONDS }),
      aRecord(),
    ]

    await postImport(mixpanel.url, records)

    assert.deepEqual(
      mixpanel.rows().map(({ event }) => event),
      ['signup', 'signup', 'signup', '$hotshard_events'],
    )
  })

  it('are none when they are nobody anyway, or the limit is lifted, or all is forgotten', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { hotShardEvents: 1 } })
    const names = () => mixpanel.rows().map(({ event }) => event)

    await postImport(mixpanel.url, [aRecord({ distinct_id: '' }), aRecord({ distinct_id: '' })])
    assert.deepEqual(names(), ['signup', 'signup'])
    await postImport(mixpanel.url, [aRecord()])
    mixpanel.clear()
    await postImport(mixpanel.url, [aRecord()])
    assert.deepEqual(names(), ['signup'])
    mixpanel.switches.set({ hotShardEvents: 'unlimited' })
    await postImport(mixpanel.url, [aRecord()])
    assert.deepEqual(names(), ['signup', 'signup'])
  })

  it('begin at 200,000 unless told otherwise', () => {
    assert.equal(SWITCHES.hotShardEvents.choices[0], 200_000)
  })
})

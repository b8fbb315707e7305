import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileMapping } from '../../../src/transform/mapping/compile-mapping.ts'
import type { PresetChoice } from '../../../src/transform/mapping/mapping-file.ts'

const PLACE =
  'the place of the user id, for which CloudEvents has no convention, usually ' +
  '`data.user_id`, `subject` or an extension such as `ce-userid`'
const KEY =
  'a key that begins with `x-` or a path in `user_data`, to be sent all the same, such as ' +
  '`x-ga-measurement_id` or `user_data.address.country`'

const KNOWN = 'the presets are segment, cloudevents, sgtm, ga4, snowplow'

describe('the options of a preset in a mapping file', () => {
  for (const [choice, problems] of [
    ['segment', []],
    [{ name: 'segment', id_merge: 'original', group_key: 'g', product_events: true }, []],
    [{ name: 'cloudevents', distinct_id: 'subject' }, []],
    ['cloudevents', [`preset.distinct_id is missing: set it to ${PLACE}`]],
    [{ name: 'cloudevents', distinct_id: 'user' }, [`preset.distinct_id must be ${PLACE}`]],
    [
      { name: 'cloudevents', distinct_i: 'subject' },
      ['preset.distinct_i is unknown; did you mean distinct_id?'],
    ],
    [
      { name: 'cloudevents', zzz: 1 },
      [
        'preset.zzz is unknown; the keys here are distinct_id',
        `preset.distinct_id is missing: set it to ${PLACE}`,
      ],
    ],
    [{ name: 'sgtm', keep: ['x-a', 'page_title'] }, [`preset.keep[1] must be ${KEY}`]],
    [
      { name: 'segment', id_mrge: 'original', product_events: 'yes' },
      [
        'preset.id_mrge is unknown; did you mean id_merge?',
        'preset.product_events must be true or false, not a text',
      ],
    ],
    [
      { name: 'ga4', id_merge: 'simple' },
      ['preset.id_merge must be simplified or original; did you mean simplified?'],
    ],
    [{ name: 'segment', group_key: '' }, ['preset.group_key is empty']],
    [{ name: 'form' }, [`form is no preset; ${KNOWN}`]],
    ['snowplough', ['snowplough is no preset; did you mean snowplow?']],
  ] satisfies readonly (readonly [string | PresetChoice, readonly string[]])[]) {
    it(`are ${problems.length === 0 ? 'sound' : 'told from mistakes'}: ${JSON.stringify(choice)}`, async () => {
      const compiled = await compileMapping(
        { version: 1, preset: choice },
        { placeOf: () => 'm.yaml' },
      )

      const found = 'rules' in compiled ? [] : compiled.map(({ text }) => text)
      assert.deepEqual(found.toSorted(), problems.toSorted())
    })
  }
})

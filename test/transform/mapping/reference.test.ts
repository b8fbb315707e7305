import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { PropertiesShape, Shape } from '../../../src/transform/mapping/mapping-file.ts'
import { compiled, mapText } from './map.ts'
import { referenceOf } from './reference.ts'

const keys = fc.constantFrom('a', 'b', 'a', 'b', 'c', 'a.b', 'properties', '__proto__')
const scalars = fc.constantFrom(null, true, 0, 1.5, -7, '', 'text', '\ud800')
const { tree: json } = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: 'small' }, scalars, tie('list'), tie('object'), tie('object')),
  list: fc.array(tie('tree'), { maxLength: 2 }),
  object: fc
    .array(fc.tuple(keys, tie('tree')), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries)),
}))

const paths = fc.array(fc.constantFrom('a', 'b', 'c', 'properties'), { maxLength: 3 })
const templates = paths.map((path) => `\${${['data', ...path].join('.')}}`)
const texts = fc.constantFrom('', 'u-1', 'text')
const names = fc.array(
  fc.oneof(keys, fc.constantFrom('a.b', 'a.c', 'a.a', 'b.a', 'a.b.c', '__proto__.a')),
  { minLength: 1, maxLength: 4 },
)
const properties: fc.Arbitrary<PropertiesShape> = fc.record(
  {
    from: templates,
    omit: names,
    pick: names,
    flatten: fc.integer({ min: 1, max: 3 }),
    rename: fc.dictionary(keys, keys, { minKeys: 1, maxKeys: 3 }),
    set: fc.dictionary(keys, fc.oneof(templates, texts, scalars), { minKeys: 1, maxKeys: 2 }),
  },
  { requiredKeys: [] },
)
const ids = fc.oneof(texts, fc.constant('${data.id}'))
const shapes: fc.Arbitrary<Shape> = fc.record(
  {
    event: fc.constantFrom('E', '${data.name}'),
    distinct_id: ids,
    user_id: ids,
    device_id: ids,
    groups: fc.dictionary(keys, templates, { minKeys: 1, maxKeys: 2 }),
    properties,
  },
  { requiredKeys: ['event'] },
)
const inputs = fc.record({
  data: json,
  id: fc.option(texts),
  name: fc.option(fc.constant('N')),
})

it('an event that a shape makes of any JSON is what the contract says', () =>
  fc.assert(
    fc.asyncProperty(shapes, inputs, async (shape, { data, id, name }) => {
      const input =
        typeof data === 'object' && data !== null && !Array.isArray(data)
          ? { ...data, id, name }
          : data
      const mapping = await compiled({ rules: [{ name: 'all', ...shape }] })

      const { events, end } = mapText(mapping, JSON.stringify(input))

      const reference: unknown = JSON.parse(JSON.stringify(referenceOf(shape, input)))
      assert.deepEqual(end === undefined ? events[0] : 'rejected', reference)
    }),
    { numRuns: 1_000 },
  ))

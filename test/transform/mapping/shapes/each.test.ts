import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rule } from '../../../../src/transform/mapping/mapping-file.ts'
import { aMessage } from '../../../helpers/builders.ts'
import { compiled, mapText, problemsOf, shaped } from '../map.ts'

const EACH = { each: '${data.items}', event: 'Item' }

describe('a shape with each', () => {
  it('makes an event of each element, from its members', async () => {
    const items = [{ sku: 'a' }, { sku: 'b', n: 2 }]

    const { events, children } = await shaped(
      { ...EACH, insert_id: '${data.id}-${item.sku}', properties: { set: { at: '${index}' } } },
      { id: 'o-1', items, properties: { x: 1 } },
    )

    assert.deepEqual(events, [
      { event: 'Item', properties: { sku: 'a', at: 0, distinct_id: '', $insert_id: 'o-1-a' } },
      {
        event: 'Item',
        properties: { sku: 'b', n: 2, at: 1, distinct_id: '', $insert_id: 'o-1-b' },
      },
    ])
    assert.deepEqual(children, [1, 2])
  })

  it('makes an event of an element that is no object', async () => {
    const { events, children } = await shaped(
      { ...EACH, properties: { set: { value: '${item}' } } },
      { items: [7] },
    )

    assert.deepEqual(events, [{ event: 'Item', properties: { value: 7, distinct_id: '' } }])
    assert.deepEqual(children, [0])
  })

  for (const data of [{ items: [] }, {}, { items: null }]) {
    it(`drops the event when the list is that of ${JSON.stringify(data)}`, async () => {
      const { end, counts } = await shaped(EACH, data)

      assert.equal(end, 'dropped by all')
      assert.deepEqual(counts, ['all: matched', 'all: dropped'])
    })
  }

  it('leaves the events of other shapes when its list is empty', async () => {
    const rule: Rule = { name: 'all', events: [{ event: 'Order' }, EACH] }
    const mapping = await compiled({ rules: [rule] })

    const without = mapText(mapping, '{}')
    const two = mapText(mapping, '{"items":[{},{}]}')

    assert.deepEqual(namesIn(without.events), ['Order'])
    assert.deepEqual(without.children, [0])
    assert.deepEqual(namesIn(two.events), ['Order', 'Item', 'Item'])
    assert.deepEqual(two.children, [1, 2, 3])
  })

  for (const [items, type] of [
    ['secret', 'a text'],
    [{ secret: 1 }, 'an object'],
    [3, 'a number'],
  ] as const) {
    it(`rejects the event when the list is ${type}`, async () => {
      const { end, counts } = await shaped(EACH, { items })

      assert.equal(end, `m.yaml rules[0].each: the value is ${type}, not a list`)
      assert.deepEqual(counts, ['all: matched', 'all: error'])
    })
  }

  it('rejects the whole line when one element lacks a value', async () => {
    const { end } = await shaped({ ...EACH, event: '${item.type}' }, { items: [{ type: 'a' }, {}] })

    assert.equal(end, 'm.yaml rules[0].event: item.type is null')
  })

  it('keeps numbers to the last digit', async () => {
    const mapping = await compiled({ rules: [{ name: 'all', ...EACH }] })

    const { texts } = mapText(mapping, '{"items":[{"n":9007199254740993},{"n":1}]}')

    assert.deepEqual(texts, [
      '{"event":"Item","properties":{"n":9007199254740993,"distinct_id":""}}',
      '{"event":"Item","properties":{"n":1,"distinct_id":""}}',
    ])
  })

  it('makes 10,000 events of a line at most', async () => {
    const mapping = await compiled({ rules: [{ name: 'all', ...EACH }] })
    const textOf = (count: number) =>
      JSON.stringify({ items: Array.from({ length: count }, () => 1) })

    const most = mapText(mapping, textOf(10_000))
    const more = mapText(mapping, textOf(10_001))

    assert.equal(most.events.length, 10_000)
    assert.equal(more.end, 'the line makes more than 10000 events')
    assert.deepEqual(more.counts, ['all: matched', 'all: error'])
  })

  it('makes events of 32 MiB at most of a line', async () => {
    const shape = { ...EACH, properties: { set: { big: '${data.big}' } } }
    const mapping = await compiled({ rules: [{ name: 'all', ...shape }] })
    const counts: string[] = []
    const endOf = (count: number) => {
      const value = { big: 'x'.repeat(1024 * 1024), items: Array(count).fill(1) }
      const line = { number: 1, text: JSON.stringify(value) }
      return mapping.transform(value, line, aMessage(), (_rule, effect) => counts.push(effect))
    }

    const most = endOf(31)
    const more = endOf(32)

    assert.equal('kind' in most || most.length, 31)
    assert.partialDeepStrictEqual(more, {
      kind: 'rejected',
      detail: 'the events of the line have more than 33554432 bytes',
    })
    assert.deepEqual(counts, ['matched', 'matched', 'error'])
  })

  it('does not start with the events of a preset', async () => {
    const rule: Rule = { name: 'a', base: 'preset', each: '${data.items}' }

    assert.deepEqual(await problemsOf({ rules: [rule], preset: 'segment' }), [
      'rules[0].each: cannot stand beside base',
    ])
  })

  it('knows its element in its own texts only', async () => {
    const item = '${item}'

    assert.deepEqual(await problemsOf({ rules: [{ name: 'a', event: 'e', time: item }] }), [
      'rules[0].time: `item` is known only in a shape with `each`',
    ])
    assert.deepEqual(await problemsOf({ rules: [{ name: 'a', event: 'e', each: item }] }), [
      'rules[0].each: `item` is known only in a shape with `each`',
    ])
  })
})

function namesIn(events: readonly unknown[]): unknown[] {
  return events.map((event) => Object(event).event)
}

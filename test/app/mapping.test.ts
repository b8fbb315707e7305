import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rule } from '../../src/transform/mapping/mapping-file.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { compiled } from '../transform/mapping/map.ts'

const MESSAGE = { messageId: '77', publishTime: '2026-01-02T03:04:05.678Z' }
const RULES: readonly Rule[] = [
  { name: 'health', when: 'data.type == "health"', drop: true },
  {
    name: 'orders',
    when: 'data.type == "order"',
    events: [
      { event: 'Order', distinct_id: '${data.user}' },
      { event: 'Item', distinct_id: '${data.user}', each: '${data.items}' },
    ],
  },
  { name: 'lists', when: 'data.type == "list"', event: 'Item', each: '${data.items}' },
  { name: 'rest', reject: 'no rule for this type' },
]

describe('a service with a mapping', () => {
  it('imports the events of its rules, drops and stores the others, and counts each once', async (t) => {
    const { transform } = await compiled({ rules: RULES })
    const world = await startWorld(t, { transform })
    const lines = [
      { type: 'health' },
      { type: 'order', user: 'u-1', items: [{ sku: 'a' }, { sku: 'b' }] },
      { type: 'order', items: [] },
      { type: 'list', items: [] },
      { type: 'other' },
      'text',
    ]

    const data = [...lines.map((line) => JSON.stringify(line)), '{'].join('\n')
    const answer = await world.pusher.push({ ...MESSAGE, data })

    assert.equal(answer.status, 204)
    assert.deepEqual(
      world.mixpanel.rows().map(({ event }) => event),
      ['Order', 'Item', 'Item'],
    )
    const letters = await world.deadLetters()
    assert.deepEqual(
      letters.map(({ line, reason, detail }) => [line, reason, detail]),
      [
        [3, 'transform_failed', 'm.yaml rules[1].events[0].distinct_id: data.user is null'],
        [5, 'transform_failed', 'no rule for this type'],
        [6, 'transform_failed', 'no rule for this type'],
        [7, 'invalid_json', letters[3]?.detail],
      ],
    )
    assert.deepEqual(await samplesOf(world, 'rule_events_total'), [
      'rule="health",effect="matched" 1',
      'rule="health",effect="dropped" 1',
      'rule="orders",effect="matched" 2',
      'rule="orders",effect="absent" 1',
      'rule="lists",effect="matched" 1',
      'rule="lists",effect="dropped" 1',
      'rule="rest",effect="matched" 2',
      'rule="rest",effect="rejected" 2',
    ])
  })

  it('has books that balance, in which each child and each dropped line is an event', async (t) => {
    const { transform } = await compiled({ rules: RULES })
    const world = await startWorld(t, { transform })
    const order = { type: 'order', user: 'u-1', items: [{}, {}, {}] }
    const lines = [{ type: 'health' }, order, { type: 'list' }, {}]

    await world.pusher.push({
      ...MESSAGE,
      data: lines.map((line) => JSON.stringify(line)).join('\n'),
    })

    assert.match(await world.service.metrics.text(), /events_received_total 7\n/)
    assert.deepEqual(await samplesOf(world, 'events_settled_total'), [
      'outcome="imported",reason="" 4',
      'outcome="dead_lettered",reason="transform_failed" 1',
      'outcome="dropped",reason="health" 1',
      'outcome="dropped",reason="lists" 1',
    ])
  })

  it('maps a message without data by its attributes', async (t) => {
    const { transform } = await compiled({
      rules: [{ name: 'pings', when: 'attributes.kind == "ping"', event: 'Ping' }],
    })
    const world = await startWorld(t, { transform })

    const ping = await world.pusher.push({ ...MESSAGE, data: '', attributes: { kind: 'ping' } })
    const empty = await world.pusher.push({ ...MESSAGE, messageId: '78', data: '' })

    assert.deepEqual([ping.status, empty.status], [204, 204])
    assert.deepEqual(
      world.mixpanel.rows().map(({ event }) => event),
      ['Ping'],
    )
  })

  it('gives the children of a line ids that are the same at each delivery', async (t) => {
    const { transform } = await compiled({
      rules: [{ name: 'all', event: 'Item', each: '${data}', insert_id: '${item.id}' }],
    })
    const world = await startWorld(t, { transform })
    const data = JSON.stringify([
      [{ id: 'a' }, { id: 'a' }, {}, { id: 9007199254740993n.toString() }],
    ])

    await world.pusher.push({ ...MESSAGE, data })
    const first = idsIn(world)
    const other = await startWorld(t, { transform })
    await other.pusher.push({ ...MESSAGE, data })

    assert.equal(new Set(first).size, 4)
    assert.deepEqual(idsIn(other), first)
    assert.deepEqual([first[0], first[3]], ['a', '9007199254740993'])
  })
})

function idsIn({ mixpanel }: World): unknown[] {
  return mixpanel.rows().map(({ properties }) => properties.$insert_id)
}

async function samplesOf({ service }: World, name: string): Promise<string[]> {
  const text = await service.metrics.text()
  return [...text.matchAll(new RegExp(`^pubsub_mixpanel_${name}\\{(.*)\\} (\\d+)$`, 'gm'))].map(
    ([, labels, count]) => `${labels} ${count}`,
  )
}

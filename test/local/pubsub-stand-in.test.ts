import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LOCAL_DEAD_LETTER_TOPIC, type PubsubStandIn } from '../../src/local/pubsub-stand-in.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { createHandTime } from './hand-time.ts'

const TOPIC = `/v1/${LOCAL_DEAD_LETTER_TOPIC}`

async function ask({ url }: PubsubStandIn, path: string, body?: unknown, token = 't') {
  const answer = await fetch(`${url}${path}`, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}` },
  })
  return { status: answer.status, body: JSON.parse(await answer.text()) }
}

function attributes(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, '']))
}

describe('the Pub/Sub stand-in', () => {
  it('keeps what is published, and confirms each message with an id of its own', async (t) => {
    const pubsub = await startPubsub(t, { time: createHandTime(0) })
    const messages = [{ data: 'YQ==', attributes: { a: 'b' } }, { data: 'Yg==' }]

    const { status, body } = await ask(pubsub, `${TOPIC}:publish`, { messages })

    assert.equal(status, 200)
    const kept = pubsub.messages()
    assert.deepEqual(
      kept.map(({ data, attributes }) => [String(data), { ...attributes }]),
      [
        ['a', { a: 'b' }],
        ['b', {}],
      ],
    )
    assert.deepEqual(
      kept.map(({ messageId }) => messageId),
      body.messageIds,
    )
    assert.equal(new Set(body.messageIds).size, 2)
    assert.equal(kept[0]?.publishTime, '1970-01-01T00:00:00.000Z')
  })

  const refusals: readonly (readonly [string, unknown])[] = [
    ['no messages', { messages: [] }],
    ['a body of another shape', { events: [] }],
    ['1,001 messages', { messages: Array.from({ length: 1_001 }, () => ({ data: 'YQ==' })) }],
    ['an empty message', { messages: [{ data: '', attributes: {} }] }],
    ['data that is no base64', { messages: [{ data: '?' }] }],
    ['101 attributes', { messages: [{ attributes: attributes(101) }] }],
    ['an empty key', { messages: [{ attributes: { '': 'v' } }] }],
    ['a key that Pub/Sub keeps', { messages: [{ attributes: { googclient_x: 'v' } }] }],
    ['such a key in capitals', { messages: [{ attributes: { GOOGX: 'v' } }] }],
    ['a key of 257 bytes', { messages: [{ attributes: { [`é${'k'.repeat(255)}`]: 'v' } }] }],
    ['a value of 1,025 bytes', { messages: [{ attributes: { k: `é${'v'.repeat(1_023)}` } }] }],
    ['a value that is a number', { messages: [{ attributes: { k: 1 } }] }],
    ['a value that is no Unicode', { messages: [{ attributes: { k: '\ud800' } }] }],
    [
      'an ordering key of 1,025 bytes',
      { messages: [{ data: 'YQ==', orderingKey: `é${'k'.repeat(1_023)}` }] },
    ],
    ['an ordering key that is a number', { messages: [{ data: 'YQ==', orderingKey: 1 }] }],
    ['more than 10 MB', { messages: [{ data: 'YWFh'.repeat(2_500_001) }] }],
  ]
  for (const [what, body] of refusals) {
    it(`refuses ${what} as Google does, and keeps nothing`, async (t) => {
      const pubsub = await startPubsub(t)

      const answer = await ask(pubsub, `${TOPIC}:publish`, body)

      assert.equal(answer.status, 400)
      assert.equal(answer.body.error.status, 'INVALID_ARGUMENT')
      assert.deepEqual(pubsub.messages(), [])
    })
  }

  it('takes what is just within the limits', async (t) => {
    const pubsub = await startPubsub(t)
    const longest = { ['k'.repeat(256)]: 'v'.repeat(1_024), ...attributes(99) }
    const orderingKey = 'k'.repeat(1_024)
    const messages = Array.from({ length: 1_000 }, () => ({ attributes: longest, orderingKey }))

    const { status } = await ask(pubsub, `${TOPIC}:publish`, { messages })

    assert.equal(status, 200)
    assert.equal(pubsub.requests()[0]?.messages, 1_000)
  })

  it('refuses a token that it was not told of', async (t) => {
    const pubsub = await startPubsub(t, { tokens: ['good'] })
    const body = { messages: [{ data: 'YQ==' }] }

    const answers = [
      await ask(pubsub, `${TOPIC}:publish`, body, 'bad'),
      await ask(pubsub, `${TOPIC}:publish`, body, 'good'),
    ]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 200],
    )
  })

  it('says what is permitted, and of another topic that nothing is', async (t) => {
    const permissions = ['pubsub.topics.publish']
    const permitted = await startPubsub(t)
    const refused = await startPubsub(t, { permitted: false })

    const test = (pubsub: PubsubStandIn, topic = TOPIC) => {
      return ask(pubsub, `${topic}:testIamPermissions`, { permissions })
    }

    assert.deepEqual((await test(permitted)).body, { permissions })
    assert.deepEqual((await test(refused)).body, {})
    assert.deepEqual((await test(permitted, '/v1/projects/p/topics/x')).body, {})
    const publish = await ask(refused, `${TOPIC}:publish`, { messages: [{ data: 'YQ==' }] })
    assert.equal(publish.status, 403)
  })

  it('tells of all that is published, by REST and from code', async (t) => {
    const told: string[] = []
    const pubsub = await startPubsub(t, {
      published: (topic, messages) => {
        for (const { messageId, data } of messages) told.push(`${topic} ${messageId} ${data}`)
      },
    })

    const { body } = await ask(pubsub, `${TOPIC}:publish`, { messages: [{ data: 'YQ==' }] })
    const ids = pubsub.publish(LOCAL_DEAD_LETTER_TOPIC, [{ data: 'b' }])

    assert.deepEqual(told, [
      `${LOCAL_DEAD_LETTER_TOPIC} ${body.messageIds[0]} a`,
      `${LOCAL_DEAD_LETTER_TOPIC} ${ids[0]} b`,
    ])
  })

  it('has the topic of dead letters from the start, and no other', async (t) => {
    const pubsub = await startPubsub(t)

    assert.deepEqual((await ask(pubsub, TOPIC)).body, { name: LOCAL_DEAD_LETTER_TOPIC })
    assert.equal((await ask(pubsub, '/v1/projects/p/topics/another')).status, 404)
  })
})

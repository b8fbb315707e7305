import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLetterTopic } from '../../bench/survival/letter-topic.ts'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../src/local/pubsub-stand-in.ts'
import { startPubsub } from '../helpers/pubsub.ts'

const ATTRIBUTES = {
  'pubsub-mixpanel-id': '1-1',
  'pubsub-mixpanel-reason': 'invalid_json',
  'pubsub-mixpanel-detail': 'd',
  'pubsub-mixpanel-subscription': 's',
}

describe('the letter topic of a survival run', () => {
  it('reads the text of an event, or in base64 what is no text, once', async (t) => {
    const pubsub = await startPubsub(t)
    const topic = createLetterTopic(pubsub)
    const unreadable = { ...ATTRIBUTES, 'pubsub-mixpanel-reason': 'unreadable_data' }
    pubsub.publish(LOCAL_DEAD_LETTER_TOPIC, [
      { data: '{"event":', attributes: ATTRIBUTES },
      { data: Buffer.from([0x7b, 0xff]), attributes: unreadable },
    ])

    assert.deepEqual(topic.readNew(), [
      { id: '1-1', reason: 'invalid_json', detail: 'd', subscription: 's', published: '{"event":' },
      { id: '1-1', reason: 'unreadable_data', detail: 'd', subscription: 's', published: 'e/8=' },
    ])
    assert.deepEqual(topic.readNew(), [])
    assert.equal(topic.all().length, 2)
  })

  it('stores what is published while it holds, and answers only when it lets go', async (t) => {
    const pubsub = await startPubsub(t)
    const topic = createLetterTopic(pubsub)
    topic.hold()
    assert.equal(topic.isHolding(), false)

    const published = fetch(`${pubsub.url}/v1/${LOCAL_DEAD_LETTER_TOPIC}:publish`, {
      method: 'POST',
      body: JSON.stringify({ messages: [{ data: 'e30=', attributes: ATTRIBUTES }] }),
    })
    await pubsub.waitForRequests(1)

    assert.equal(topic.isHolding(), true)
    topic.letGo()
    assert.equal((await published).status, 200)
  })
})

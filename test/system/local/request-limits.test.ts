import assert from 'node:assert/strict'
import { it } from 'node:test'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../../src/local/pubsub-stand-in.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { aRecord, postImport } from '../../local/post-import.ts'
import { startMixpanel } from '../../local/start-local.ts'

it('the Mixpanel stand-in takes a body of 10 MiB, and not a byte more', async (t) => {
  const mixpanel = await startMixpanel(t)
  const full = JSON.stringify([aRecord()]).padEnd(10 * 1024 * 1024)

  assert.equal((await postImport(mixpanel.url, full)).status, 200)
  assert.equal((await postImport(mixpanel.url, `${full} `)).status, 400)
})

it('the Pub/Sub stand-in takes a request of 10 MB, and not a byte more', async (t) => {
  const pubsub = await startPubsub(t)
  const full = JSON.stringify({ messages: [{ data: 'YQ==' }] }).padEnd(10_000_000)
  const url = `${pubsub.url}/v1/${LOCAL_DEAD_LETTER_TOPIC}:publish`
  const statusOf = async (body: string) => (await fetch(url, { method: 'POST', body })).status

  assert.deepEqual([await statusOf(full), await statusOf(`${full} `)], [200, 400])
})

it('a pull subscription of the Pub/Sub stand-in hands out 10 MB at most at once', async (t) => {
  const pubsub = await startPubsub(t)
  const topic = 'projects/p1/topics/large'
  const subscription = 'projects/p1/subscriptions/large'
  pubsub.createTopic(topic)
  pubsub.createPullSubscription(subscription, { topic })
  const data = 'x'.repeat(6_000_000)
  pubsub.publish(topic, [{ data }, { data }])
  const countOfPull = async () => {
    const body = JSON.stringify({ maxMessages: 1_000 })
    const answer = await fetch(`${pubsub.url}/v1/${subscription}:pull`, { method: 'POST', body })
    return JSON.parse(await answer.text()).receivedMessages.length
  }

  assert.deepEqual([await countOfPull(), await countOfPull()], [1, 1])
})

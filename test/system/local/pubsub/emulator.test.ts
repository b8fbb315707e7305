import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startPubsub } from '../../../helpers/pubsub.ts'
import { until } from '../../../helpers/until.ts'
import { startEndpoint } from '../../../local/start-endpoint.ts'
import { type Emulator, startEmulator } from '../../emulator.ts'

/** Creates, publishes, and answers with what the REST API answers on the way. */
async function runScript(host: string, pushEndpoint: string) {
  const name = `events-${process.pid}`
  const topic = `projects/p1/topics/${name}`
  const subscription = `projects/p1/subscriptions/${name}`
  const settings = { topic, pushConfig: { pushEndpoint }, ackDeadlineSeconds: 60 }
  const messages = [{ data: 'YQ==', attributes: { a: 'b' } }]
  const answers = [
    await ask(host, 'PUT', subscription, settings),
    await ask(host, 'PUT', topic, {}),
    await ask(host, 'PUT', topic, {}),
    await ask(host, 'PUT', subscription, { ...settings, ackDeadlineSeconds: 601 }),
    await ask(host, 'PUT', subscription, settings),
    await ask(host, 'GET', subscription),
    await ask(host, 'POST', `${topic}:publish`, { messages }),
  ]
  return { subscription, answers }
}

async function ask(host: string, method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' }
  const request = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  const answer = await fetch(`http://${host}/v1/${path}`, request)
  return { status: answer.status, body: JSON.parse(await answer.text()) }
}

describe('a script for the emulator', () => {
  let emulator: Emulator | undefined

  before(async () => {
    emulator = await startEmulator()
  })

  after(async () => {
    await emulator?.stop()
  })

  for (const where of ['the emulator', 'the stand-in'] as const) {
    it(`drives ${where}`, async (t) => {
      const pubsub = where === 'the stand-in' ? await startPubsub(t) : emulator
      if (!pubsub) return t.skip('Google’s Pub/Sub emulator is not installed here')
      const endpoint = await startEndpoint(t)

      const { subscription, answers } = await runScript(pubsub.host, endpoint.url)
      await until('the push', () => endpoint.received.length > 0)

      assert.deepEqual(
        answers.map(({ status }) => status),
        [404, 200, 409, 400, 200, 200, 200],
      )
      const messageId = answers.at(-1)?.body.messageIds[0]
      assert.partialDeepStrictEqual(JSON.parse(endpoint.received[0]?.body ?? ''), {
        message: { data: 'YQ==', attributes: { a: 'b' }, messageId, message_id: messageId },
        subscription,
      })
      assert.partialDeepStrictEqual(answers[5]?.body, {
        name: subscription,
        pushConfig: { pushEndpoint: endpoint.url },
        ackDeadlineSeconds: 60,
      })
    })
  }
})

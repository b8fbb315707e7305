import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { COPIED, eventText, messagesOf, onLine } from '../../cli/dead-letters/subscription-scene.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import type { PublishedMessage } from '../emulator.ts'
import { type Emulator, startEmulator } from '../emulator.ts'
import { run } from './run.ts'

/** A Pub/Sub over its REST API. */
interface Pubsub {
  readonly host: string
}

/** Makes a topic and a pull subscription, and publishes letters, a copy and another message. */
async function publishLetters({ host }: Pubsub) {
  const name = `letters-${process.pid}`
  const topic = `projects/p1/topics/${name}`
  const subscription = `projects/p1/subscriptions/${name}`
  const letters = [onLine(1), onLine(2), onLine(3, { event: eventText({ time: 'yesterday' }) })]
  const published = (await Promise.all(letters.map((letter) => messagesOf(letter)))).flat()
  const messages: PublishedMessage[] = published.map(({ data = '', attributes = {} }) => {
    return { data: Buffer.from(data).toString('base64'), attributes }
  })
  const copied = { data: Buffer.from(eventText({ $insert_id: 'of-a-copy' })).toString('base64') }
  messages.push({ ...copied, attributes: COPIED }, { data: 'eA==' })
  await ask(host, 'PUT', topic, {})
  await ask(host, 'PUT', subscription, { topic })
  await ask(host, 'POST', `${topic}:publish`, { messages })
  return { topic, subscription }
}

async function ask(host: string, method: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const request = { method, headers, body: JSON.stringify(body) }
  const answer = await fetch(`http://${host}/v1/${path}`, request)
  assert.ok(answer.ok, await answer.text())
}

describe('the letters of a topic', () => {
  let emulator: Emulator | undefined

  before(async () => {
    emulator = await startEmulator()
  })

  after(async () => {
    await emulator?.stop()
  })

  async function pubsubCalled(where: string, t: TestContext): Promise<Pubsub | undefined> {
    return where === 'the stand-in' ? await startPubsub(t) : emulator
  }

  for (const where of ['the emulator', 'the stand-in'] as const) {
    it(`are listed, sent and acked: ${where}`, async (t) => {
      const pubsub = await pubsubCalled(where, t)
      if (!pubsub) return t.skip('Google’s Pub/Sub emulator is not installed here')
      const mixpanel = await startMixpanelStandIn()
      t.after(() => mixpanel.close())
      const { topic, subscription } = await publishLetters(pubsub)
      const env = {
        MIXPANEL_URL: mixpanel.url,
        MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
        PUBSUB_EMULATOR_HOST: pubsub.host,
        DEAD_LETTER: `pubsub:${topic}`,
      }
      const letters = (...[command = '', ...rest]: readonly string[]) =>
        run('dead-letters', [command, '--from', subscription, ...rest], env)
      const listed = async () => JSON.parse((await letters('list', '--json')).out)

      const before = await listed()
      const judged = await letters('replay')
      const applied = await letters('replay', '--apply')
      const afterwards = await listed()

      assert.partialDeepStrictEqual(before, { open: 4, foreign: 1, messages: 5, whole: true })
      assert.match(judged.out, /^4 letters {3}3 would be sent · 1 would fail again$/m, judged.err)
      assert.match(applied.out, /^4 letters {3}3 imported · 1 failed again$/m, applied.err)
      assert.deepEqual(
        mixpanel
          .rows()
          .map(({ insertId }) => insertId)
          .sort(),
        ['77-1', '77-2', 'of-a-copy'],
      )
      assert.partialDeepStrictEqual(afterwards, { open: 1, foreign: 1 })
    })
  }
})

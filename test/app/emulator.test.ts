import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Emulator, type PulledMessage, startEmulator } from '../helpers/emulator.ts'
import { startWorld } from '../helpers/world.ts'

const GOOD = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'
const BROKEN = '{"event":"signed_up" "properties":{"distinct_id":"u-2"}}'
const MESSAGE = { messageId: '77', publishTime: '2026-01-02T03:04:05.678Z' }

describe('with Google’s Pub/Sub emulator', () => {
  let emulator: Emulator | undefined

  before(async () => {
    emulator = await startEmulator()
  })

  after(async () => {
    await emulator?.stop()
  })

  async function startScene(t: TestContext) {
    if (!emulator) {
      t.skip('Google’s Pub/Sub emulator is not installed here')
      return undefined
    }
    const { topic, subscription } = await emulator.createTopic(`dead-${process.pid}-${Date.now()}`)
    const env = { DEAD_LETTER: `pubsub:${topic}`, PUBSUB_EMULATOR_HOST: emulator.host }
    const world = await startWorld(t, { env })
    const { pull } = emulator
    return { ...world, letters: () => pull(subscription) }
  }

  it('a letter lands in the topic, is pushed again mended, and keeps its ids', async (t) => {
    const scene = await startScene(t)
    if (!scene) return
    const { pusher, mixpanel, letters } = scene
    const attributes = { source: 'web' }

    const first = await pusher.push({ ...MESSAGE, data: `${GOOD}\n${BROKEN}`, attributes })
    const [letter] = await letters()
    const again = await pusher.push(replayOf(letter, GOOD))

    assert.deepEqual([first.status, again.status], [204, 204])
    assert.equal(Buffer.from(letter?.data ?? '', 'base64').toString(), BROKEN)
    assert.partialDeepStrictEqual(letter?.attributes, {
      source: 'web',
      'pubsub-mixpanel-id': '77-2',
      'pubsub-mixpanel-reason': 'invalid_json',
    })
    assert.deepEqual(
      mixpanel.rows().map(({ insertId, time }) => [insertId, time]),
      [
        ['77-1', Date.parse(MESSAGE.publishTime)],
        ['77-2', Date.parse(MESSAGE.publishTime)],
      ],
    )
  })

  it('a start fails when the topic does not exist', async (t) => {
    if (!emulator) return t.skip('Google’s Pub/Sub emulator is not installed here')
    const env = {
      DEAD_LETTER: 'pubsub:projects/emulated/topics/none',
      PUBSUB_EMULATOR_HOST: emulator.host,
    }

    await assert.rejects(startWorld(t, { env }), /does not exist .* create it/)
  })
})

function replayOf(message: PulledMessage | undefined, data: string) {
  const { messageId = '', publishTime = '', attributes = {} } = message ?? {}
  return { messageId, publishTime, attributes, data }
}

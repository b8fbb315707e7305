import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTransform } from '../../src/transform/transform.ts'
import { startWorld } from '../helpers/world.ts'

const TIME = Date.UTC(2026, 0, 1)
const TIMED = `{"event":"clicked","properties":{"distinct_id":"u-1","time":${TIME}}}`
const TIMELESS = '{"event":"clicked","properties":{"distinct_id":"u-1"}}'
const PUBLISHED = '2026-01-02T00:00:00.000Z'
const REPUBLISHED = '2026-01-02T00:10:00.000Z'
const CONTENT = { INSERT_ID: 'content' }

/** Copies an attribute into the properties, as pipelines do that send the source beside the event. */
const copyingSource = createTransform((input, { attributes }) => {
  const { event, properties } = JSON.parse(JSON.stringify(input))
  return { event, properties: { ...properties, source: attributes.source } }
})

describe('with INSERT_ID=content', () => {
  it('equal data is as many events as the transform makes different ones of it', async (t) => {
    const { pusher, mixpanel } = await startWorld(t, { env: CONTENT, transform: copyingSource })

    for (const source of ['web', 'ios', 'android']) {
      const answer = await pusher.push({ data: TIMED, attributes: { source } })
      assert.equal(answer.status, 204)
    }

    assert.equal(mixpanel.deduplicated().length, 3)
  })

  it('an event that is published twice is one', async (t) => {
    const { pusher, mixpanel } = await startWorld(t, { env: CONTENT })

    await pusher.push({ data: TIMED, publishTime: PUBLISHED })
    await pusher.push({ data: TIMED, publishTime: REPUBLISHED })

    assert.equal(mixpanel.rows().length, 2)
    assert.equal(mixpanel.deduplicated().length, 1)
  })

  for (const [what, data] of [
    ['without a time', TIMELESS],
    ['from a fast clock', TIMED.replace(String(TIME), String(Date.parse(PUBLISHED) + 60_000))],
  ] as const) {
    it(`an event ${what} keeps its id when it comes again with another publish time`, async (t) => {
      const { pusher, mixpanel } = await startWorld(t, { env: CONTENT })

      await pusher.push({ data, messageId: '7', publishTime: PUBLISHED, attributes: { n: '1' } })
      await pusher.push({ data, messageId: '7', publishTime: REPUBLISHED, attributes: { n: '2' } })

      const ids = mixpanel.rows().map(({ insertId }) => insertId)
      assert.equal(ids.length, 2)
      assert.equal(ids[0], ids[1])
    })
  }

  it('the copy that a dead-letter policy makes of a message makes no event anew', async (t) => {
    const copyingAll = createTransform((input, { attributes }) => {
      const { event, properties } = JSON.parse(JSON.stringify(input))
      return { event, properties: { ...properties, ...attributes } }
    })
    const { pusher, mixpanel } = await startWorld(t, { env: CONTENT, transform: copyingAll })
    const ahead = TIMED.replace(String(TIME), String(Date.parse(PUBLISHED) + 60_000))
    const data = `${TIMED}\n${ahead}`
    await pusher.push({ data, publishTime: PUBLISHED, attributes: { source: 'web' } })

    await pusher.push({
      data,
      publishTime: REPUBLISHED,
      attributes: {
        source: 'web',
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: 'events',
        CloudPubSubDeadLetterSourceSubscriptionProject: 'p',
        CloudPubSubDeadLetterSourceTopicPublishTime: PUBLISHED,
      },
    })

    assert.equal(mixpanel.rows().length, 4)
    assert.equal(mixpanel.deduplicated().length, 2)
  })
})

describe('a transform that is mended and makes fewer events of a line', () => {
  for (const env of [{ INSERT_ID: 'message' }, CONTENT]) {
    for (const data of [
      TIMED,
      TIMELESS,
      TIMED.replace('{"distinct_id"', '{"$insert_id":"own","distinct_id"'),
    ]) {
      it(`doubles none that was imported, of ${data} with INSERT_ID=${env.INSERT_ID}`, async (t) => {
        let count = 3
        const transform = createTransform((input) => Array.from({ length: count }, () => input))
        const { pusher, mixpanel } = await startWorld(t, { env, transform })
        const pushed = { data, messageId: '7', publishTime: PUBLISHED }
        await pusher.push({ ...pushed, attributes: { delivery: '1' } })
        assert.equal(mixpanel.deduplicated().length, 3)

        for (count = 2; count > 0; count -= 1) {
          await pusher.push({ ...pushed, attributes: { delivery: `${4 - count}` } })
        }

        assert.equal(mixpanel.rows().length, 6)
        assert.equal(mixpanel.deduplicated().length, 3)
      })
    }
  }
})

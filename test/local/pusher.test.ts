import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { envelopeOf, isAck } from '../../src/local/push-request.ts'
import { createPusher, type PusherOptions } from '../../src/local/pusher.ts'
import { NOW } from './post-import.ts'
import { type EndpointAnswer, startEndpoint } from './start-endpoint.ts'

const PUBLISH_TIME = '2026-01-01T00:00:00.000Z'
const IDENTIFIED = { messageId: '2070443601311540', publishTime: '2021-02-26T19:13:55.749Z' }

describe('an envelope', () => {
  it('has the keys of the documented minimum, and no empty ones', () => {
    assert.deepEqual(envelopeOf({ ...IDENTIFIED, data: '', attributes: {} }), {
      message: {
        messageId: '2070443601311540',
        message_id: '2070443601311540',
        publishTime: '2021-02-26T19:13:55.749Z',
        publish_time: '2021-02-26T19:13:55.749Z',
      },
      subscription: 'projects/local-project/subscriptions/events-push',
    })
  })

  it('has the keys of the documented maximum, in their order', () => {
    const message = {
      ...IDENTIFIED,
      data: 'Hello Cloud Pub/Sub! Here is my message!',
      attributes: { key: 'value' },
      orderingKey: 'key',
      deliveryAttempt: 5,
    }

    const envelope = envelopeOf(message, 'projects/myproject/subscriptions/mysubscription')

    assert.equal(
      JSON.stringify(envelope),
      JSON.stringify({
        deliveryAttempt: 5,
        message: {
          attributes: { key: 'value' },
          data: 'SGVsbG8gQ2xvdWQgUHViL1N1YiEgSGVyZSBpcyBteSBtZXNzYWdlIQ==',
          messageId: '2070443601311540',
          message_id: '2070443601311540',
          orderingKey: 'key',
          publishTime: '2021-02-26T19:13:55.749Z',
          publish_time: '2021-02-26T19:13:55.749Z',
        },
        subscription: 'projects/myproject/subscriptions/mysubscription',
      }),
    )
  })

  it('holds bytes, and text as UTF-8, in padded base64', () => {
    const dataOf = (data: string | Uint8Array) => envelopeOf({ ...IDENTIFIED, data }).message.data

    assert.equal(dataOf(Uint8Array.of(0xff, 0xfe)), '//4=')
    assert.equal(dataOf('é'), 'w6k=')
  })
})

describe('an ack', () => {
  it('is one of five statuses, and no other', () => {
    const statuses = Array.from({ length: 500 }, (_, n) => 100 + n)

    assert.deepEqual(statuses.filter(isAck), [102, 200, 201, 202, 204])
  })
})

describe('a push', () => {
  it('is a POST of the envelope with the headers of Pub/Sub', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t)
    const pusher = startPusher(t, { endpoint })

    await pusher.push({ data: 'é', attributes: { a: 'b' }, ...IDENTIFIED })

    const [push] = received
    assert.equal(push?.method, 'POST')
    assert.equal(push?.path, '/push')
    assert.deepEqual(
      JSON.parse(push?.body ?? ''),
      envelopeOf({ data: 'é', attributes: { a: 'b' }, ...IDENTIFIED }),
    )
    assert.partialDeepStrictEqual(push?.headers, {
      'content-type': 'application/json',
      'content-length': String(push?.body.length),
      'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    })
    assert.equal(push?.headers.authorization, undefined)
    assert.deepEqual(
      Object.keys(push?.headers ?? {}).filter((name) => name.startsWith('ce-')),
      [],
    )
  })

  it('resolves with the answer', async (t) => {
    const { url: endpoint } = await startEndpoint(
      t,
      inTurn([{ status: 503, body: 'later', headers: { 'retry-after': '7' } }]),
    )

    const answer = await startPusher(t, { endpoint }).push({ data: 'x' })

    assert.equal(answer.status, 503)
    assert.equal(answer.headers['retry-after'], '7')
    assert.equal(answer.body, 'later')
  })

  it('carries a token that is asked for each time', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t)
    let asked = 0
    const pusher = startPusher(t, { endpoint, token: async () => `token-${++asked}` })

    await pusher.push({ data: 'x' })
    await pusher.push({ data: 'x' })

    assert.deepEqual(
      received.map(({ headers }) => headers.authorization),
      ['Bearer token-1', 'Bearer token-2'],
    )
  })

  it('gives each message a time, and a decimal id of its own that no number can hold', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t)
    const pusher = startPusher(t, { endpoint })

    await pusher.push({ data: 'x' })
    await pusher.push({ data: 'x' })

    const ids = received.map(({ body }) => JSON.parse(body).message.messageId)
    assert.deepEqual(ids, ['9007199254740993', '9007199254740994'])
    assert.notEqual(String(Number(ids[0])), ids[0])
    assert.equal(JSON.parse(received[0]?.body ?? '').message.publishTime, PUBLISH_TIME)
  })

  it('counts its ids from where it is told, and names the subscription it is told', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t)
    const subscription = 'projects/p/subscriptions/s'
    const pusher = startPusher(t, { endpoint, subscription, firstMessageId: 7n })

    await pusher.push({ data: 'x' })

    assert.partialDeepStrictEqual(JSON.parse(received[0]?.body ?? ''), {
      message: { message_id: '7' },
      subscription,
    })
  })

  it('has the headers of Eventarc in that form, around the same body', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t)
    const topic = 'projects/p/topics/t'
    const pusher = startPusher(t, { endpoint, form: 'eventarc', topic })

    await pusher.push({ data: 'x', ...IDENTIFIED })

    assert.partialDeepStrictEqual(received[0]?.headers, {
      'content-type': 'application/json; charset=utf-8',
      'ce-specversion': '1.0',
      'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished',
      'ce-source': '//pubsub.googleapis.com/projects/p/topics/t',
      'ce-id': IDENTIFIED.messageId,
      'ce-time': IDENTIFIED.publishTime,
    })
    assert.deepEqual(JSON.parse(received[0]?.body ?? ''), envelopeOf({ data: 'x', ...IDENTIFIED }))
  })

  it('sends any body in place of the envelope', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t)
    const pusher = startPusher(t, { endpoint })

    await pusher.push({}, { rawBody: '{"é' })
    await pusher.push({}, { rawBody: Uint8Array.from([0x5b, 0x5d]) })

    assert.deepEqual(
      received.map(({ body, headers }) => [body, headers['content-length']]),
      [
        ['{"é', '4'],
        ['[]', '2'],
      ],
    )
  })

  it('changes a header, and leaves out one that is undefined', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t)
    const pusher = startPusher(t, { endpoint, token: () => 'token' })

    const headers = { authorization: undefined, 'content-type': 'text/plain', 'x-more': '1' }
    await pusher.push({ data: 'x' }, { headers })

    assert.equal(received[0]?.headers.authorization, undefined)
    assert.partialDeepStrictEqual(received[0]?.headers, {
      'content-type': 'text/plain',
      'x-more': '1',
    })
  })

  it('uses one connection for one push after another', async (t) => {
    const { url: endpoint, connections } = await startEndpoint(t)
    const pusher = startPusher(t, { endpoint })

    for (let n = 0; n < 3; n++) await pusher.push({ data: 'x' })

    assert.equal(connections(), 1)
  })

  it('rejects when no answer comes, and when it is given up', async (t) => {
    const { url: endpoint } = await startEndpoint(t, inTurn(['later']))
    const pusher = startPusher(t, { endpoint })
    const givenUp = new AbortController()

    const push = assert.rejects(pusher.push({ data: 'x' }, { signal: givenUp.signal }), {
      code: 'ABORT_ERR',
    })
    givenUp.abort()
    await push

    const nowhere = startPusher(t, { endpoint: 'http://127.0.0.1:1/push' })
    await assert.rejects(nowhere.push({ data: 'x' }), { code: 'ECONNREFUSED' })
  })
})

describe('publishing', () => {
  it('redelivers the same message, id and publish time, until it is acked', async (t) => {
    const { url: endpoint, received } = await startEndpoint(
      t,
      inTurn([{ status: 503 }, { status: 429 }]),
    )
    let now = NOW
    const pusher = startPusher(t, { endpoint, now: () => now++ })

    const answers = await pusher.publish({ data: 'x' }, { attempts: 5 })

    assert.deepEqual(statusesOf(answers), [503, 429, 204])
    const [first, ...others] = received.map(({ body }) => body)
    assert.deepEqual(others, [first, first])
  })

  it('ends when the attempts are used up', async (t) => {
    const { url: endpoint } = await startEndpoint(t, inTurn([{ status: 500 }, { status: 501 }]))

    const answers = await startPusher(t, { endpoint }).publish({ data: 'x' }, { attempts: 2 })

    assert.deepEqual(statusesOf(answers), [500, 501])
  })

  for (const status of [200, 201, 202, 204]) {
    it(`takes ${status} for an ack`, async (t) => {
      const { url: endpoint } = await startEndpoint(t, inTurn([{ status }]))

      const answers = await startPusher(t, { endpoint }).publish({ data: 'x' }, { attempts: 2 })

      assert.deepEqual(statusesOf(answers), [status])
    })
  }

  for (const status of [203, 205, 206, 302, 400, 422]) {
    it(`takes ${status} for a nack`, async (t) => {
      const { url: endpoint } = await startEndpoint(t, inTurn([{ status }]))

      const answers = await startPusher(t, { endpoint }).publish({ data: 'x' }, { attempts: 2 })

      assert.deepEqual(statusesOf(answers), [status, 204])
    })
  }

  it('takes an interim 102 for an ack', async (t) => {
    const { url: endpoint } = await startEndpoint(t, inTurn(['processing']))

    const answers = await startPusher(t, { endpoint }).publish({ data: 'x' }, { attempts: 2 })

    assert.deepEqual(statusesOf(answers), [102])
  })

  it('waits for the answer behind another interim one', async (t) => {
    const { url: endpoint } = await startEndpoint(t, inTurn(['early_hints']))

    const answers = await startPusher(t, { endpoint }).publish({ data: 'x' }, { attempts: 1 })

    assert.deepEqual(statusesOf(answers), [503])
  })

  it('takes what is no HTTP for a nack that leaves no answer', async (t) => {
    const pusher = startPusher(t, { endpoint: await startBabbler(t) })

    assert.deepEqual(await pusher.publish({ data: 'x' }, { attempts: 1 }), [])
  })

  it('takes a broken connection for a nack that leaves no answer', async (t) => {
    const { url: endpoint } = await startEndpoint(t, inTurn(['reset', { status: 503 }]))

    const answers = await startPusher(t, { endpoint }).publish({ data: 'x' }, { attempts: 3 })

    assert.deepEqual(statusesOf(answers), [503, 204])
  })

  it('waits between attempts, and only there', async (t) => {
    const { url: endpoint, received } = await startEndpoint(
      t,
      inTurn([{ status: 503 }, { status: 503 }]),
    )
    const waits: number[][] = []
    const betweenAttempts = async (made: number) => void waits.push([made, received.length])

    await startPusher(t, { endpoint }).publish({ data: 'x' }, { attempts: 3, betweenAttempts })

    assert.deepEqual(waits, [
      [1, 1],
      [2, 2],
    ])
  })

  it('counts delivery attempts when it is given the first', async (t) => {
    const { url: endpoint, received } = await startEndpoint(t, inTurn([{ status: 503 }]))
    const pusher = startPusher(t, { endpoint })

    await pusher.publish({ data: 'x', deliveryAttempt: 1 }, { attempts: 2 })

    const counts = received.map(({ body }) => JSON.parse(body).deliveryAttempt)
    assert.deepEqual(counts, [1, 2])
  })

  it('does not take a bug for a nack', async (t) => {
    const { url: endpoint } = await startEndpoint(t)
    const token = () => Promise.reject(new TypeError('no token today'))

    const published = startPusher(t, { endpoint, token }).publish({ data: 'x' }, { attempts: 2 })

    await assert.rejects(published, { message: 'no token today' })
  })
})

/** These answers, then 204. */
function inTurn(answers: readonly EndpointAnswer[]): (place: number) => EndpointAnswer {
  return (place) => answers[place] ?? 204
}

/** The URL of a server that answers whatever it is sent with no HTTP. */
async function startBabbler(t: TestContext): Promise<string> {
  const server = createServer((socket) => socket.on('data', () => socket.end('babble\r\n\r\n')))
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  assert(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}/push`
}

function startPusher(t: TestContext, options: PusherOptions) {
  const pusher = createPusher({ now: () => NOW, ...options })
  t.after(pusher.close)
  return pusher
}

function statusesOf(answers: readonly { readonly status: number }[]): readonly number[] {
  return answers.map(({ status }) => status)
}

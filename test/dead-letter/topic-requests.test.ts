import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { makeMessages } from '../../src/dead-letter/letter-message.ts'
import type { PubsubAnswer } from '../../src/dead-letter/pubsub-client.ts'
import type { TopicClient } from '../../src/dead-letter/topic-client.ts'
import { TopicError } from '../../src/dead-letter/topic-error.ts'
import { createTopicSink } from '../../src/dead-letter/topic-sink.ts'
import type { DeadLetter } from '../../src/model/dead-letter.ts'
import { aDeadLetter } from './a-dead-letter.ts'

/** A thousandth of those of Pub/Sub. */
const LIMITS = { requestBytes: 10_000, plainBytes: 7_000 }

interface Message {
  readonly data: string
  readonly attributes: Readonly<Record<string, string>>
}

/** A topic that answers at once, and keeps all that it was asked. */
function createScene({ emulated = false, answer }: { emulated?: boolean; answer?: PubsubAnswer }) {
  const asked: string[] = []
  const requests: string[] = []
  const unproven: unknown[] = []
  const client: TopicClient = {
    publish: async (json) => {
      requests.push(json)
      const messageIds = messagesIn(json).map((_, at) => `id-${at}`)
      return answer ?? { kind: 'answered', status: 200, body: { messageIds } }
    },
    testPermissions: async (permissions) => {
      asked.push(...permissions)
      return answer ?? { kind: 'answered', status: 200, body: { permissions } }
    },
    describe: async () => {
      asked.push('the topic')
      return answer ?? { kind: 'answered', status: 200, body: {} }
    },
    close: () => asked.push('the end'),
  }
  const sink = createTopicSink(
    { emulated, maxQueuedBytes: 40_000, limits: LIMITS },
    { client, unproven: (error) => unproven.push(error) },
  )
  return { sink, asked, requests, unproven, messages: () => requests.flatMap(messagesIn), sizes }

  function sizes(): number[] {
    return requests.map((request) => messagesIn(request).length)
  }
}

function messagesIn(json: string): readonly Message[] {
  return JSON.parse(json).messages
}

/** A letter whose message has as many bytes as it says. */
function letterOf(bytes: number): DeadLetter {
  const [empty] = makeMessages(aDeadLetter({ event: '', id: '' }), Buffer.alloc(0), false)
  const missing = bytes - (empty?.bytes ?? 0)
  return aDeadLetter({
    event: 'x'.repeat(Math.floor(missing / 4) * 3),
    id: 'i'.repeat(missing % 4),
  })
}

function aLetterOfData(data?: Buffer): DeadLetter {
  const { event, ...rest } = aDeadLetter()
  return data ? { ...rest, data: data.toString('base64') } : rest
}

describe('the requests of one store', () => {
  // Two of these and a third that is one byte shorter fill a request.
  const third = letterOf(3_326)
  const shorter = letterOf(3_325)

  it('hold as many messages as leave room for the frame to the byte, each of them', async () => {
    const { sink, sizes } = createScene({})

    await sink.store([third, third, third, third, third, third, shorter])

    assert.deepEqual(sizes(), [2, 2, 3])
  })
})

describe('the data of a message', () => {
  it('of the most plain bytes travels as it is, and one that is larger is compressed', async () => {
    const { sink, messages } = createScene({})
    const event = 'x'.repeat(LIMITS.plainBytes)

    await sink.store([aDeadLetter({ event })])
    await sink.store([aDeadLetter({ event: `${event}x` })])

    const [plain, compressed] = messages()
    assert.equal(Buffer.from(plain?.data ?? '', 'base64').length, 7_000)
    assert.equal(plain?.attributes['pubsub-mixpanel-shortened'], undefined)
    assert.equal(gunzipSync(Buffer.from(compressed?.data ?? '', 'base64')).length, 7_001)
    assert.equal(compressed?.attributes['pubsub-mixpanel-shortened'], 'data')
  })

  for (const begin of [
    [0x1f, 0x00],
    [0x00, 0x8b],
  ]) {
    it(`that begins like gzip in one byte only is compressed: ${begin}`, async () => {
      const { sink, messages } = createScene({})
      const data = Buffer.concat([Buffer.from(begin), Buffer.alloc(LIMITS.plainBytes)])

      await sink.store([aLetterOfData(data)])

      const sent = Buffer.from(messages()[0]?.data ?? '', 'base64')
      assert.ok(gunzipSync(sent).equals(data))
    })
  }

  it('is none, when the letter has none', async () => {
    const { sink, messages } = createScene({})

    await sink.store([aLetterOfData()])

    assert.equal(messages()[0]?.data, '')
  })
})

describe('a topic', () => {
  it('is asked for the permission to publish', async () => {
    const { sink, asked } = createScene({})

    await sink.probe()

    assert.deepEqual(asked, ['pubsub.topics.publish'])
  })

  it('of an emulator is asked for itself', async () => {
    const { sink, asked } = createScene({ emulated: true })

    await sink.probe()

    assert.deepEqual(asked, ['the topic'])
  })

  it('that could not be asked is told of by its cause', async () => {
    const { sink, unproven } = createScene({ answer: { kind: 'unanswered', code: 'ECONNRESET' } })

    await sink.probe()

    assert.deepEqual(unproven, [new TopicError('the topic could not be asked', 'ECONNRESET')])
  })

  it('without credentials fails the probe with all that may be done', async () => {
    const { sink } = createScene({ answer: { kind: 'no_access', code: 'NO_CREDENTIALS' } })

    await assert.rejects(sink.probe(), {
      message:
        'DEAD_LETTER=pubsub: cannot be reached without Google credentials (NO_CREDENTIALS): give ' +
        'Cloud Run a service account, or set GOOGLE_APPLICATION_CREDENTIALS, or ' +
        'PUBSUB_EMULATOR_HOST for an emulator',
    })
  })

  it('that has not confirmed letters says so with its answer', async () => {
    const { sink } = createScene({ answer: { kind: 'answered', status: 503, body: '' } })

    await assert.rejects(sink.store([aDeadLetter()]), {
      message: 'the dead-letter topic has not confirmed the letters: STATUS_503',
      code: 'STATUS_503',
    })
  })

  it('has no connection left once the sink is closed', async () => {
    const { sink, asked } = createScene({})

    await sink.close()

    assert.deepEqual(asked, ['the end'])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Received, SubscriptionClient } from '../../src/dead-letter/subscription-client.ts'
import {
  createSubscriptionLetters,
  type ReadingOptions,
} from '../../src/dead-letter/subscription-letters.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const A_PULL = 1_000
const OPTIONS = { ackDeadlineMs: 10_000, pull: A_PULL }

/** A reading of a subscription that never gets empty, unless it has so many messages only. */
function startReading(options: Partial<ReadingOptions> = {}, messages = Number.POSITIVE_INFINITY) {
  const clock = createFakeClock()
  const controller = new AbortController()
  const asked: string[] = []
  let left = messages
  const client: SubscriptionClient = {
    describe: async () => ({ kind: 'answered', status: 200, body: {} }),
    close: () => asked.push('close'),
    pull: async (most) => {
      asked.push('pull')
      const count = Math.min(most, left)
      left -= count
      return { kind: 'pulled', received: Array.from({ length: count }, aReceived) }
    },
    acknowledge: async () => [],
    modifyAckDeadline: async (ackIds, seconds) => {
      asked.push(`${seconds} s: ${ackIds.length}`)
      return []
    },
  }
  const letters = createSubscriptionLetters(
    { ...OPTIONS, ...options },
    { client, clock, ending: controller.signal, failure: () => new Error('it failed') },
  )
  return { letters, asked, clock, controller, readAll }

  /** Reads to the end. `between` runs after each pull. */
  async function readAll(between: () => Promise<void> = async () => {}): Promise<number> {
    let found = 0
    for await (const chunk of letters.read()) {
      if (chunk !== 'pause') for (const _ of chunk) found += 1
      await between()
    }
    return found
  }
}

let nextAckId = 0

function aReceived(): Received {
  nextAckId += 1
  const message = { messageId: '1', publishTime: '', data: '', attributes: {} }
  return { ackId: `ack-${nextAckId}`, message }
}

describe('a reading of a subscription', () => {
  it('ends with 100,000 messages that are leased, and gives all back', async () => {
    const { letters, asked, readAll } = startReading()

    assert.equal(await readAll(), 100_000)
    await letters.close()

    assert.partialDeepStrictEqual(letters.seen(), {
      messages: 100_000,
      foreign: 100_000,
      endedBy: 'count',
      notGivenBack: 0,
    })
    assert.deepEqual(asked.slice(-2), ['0 s: 100000', 'close'])
  })

  it('ends when its time is up', async () => {
    const { letters, clock, readAll } = startReading({ withinMs: 30_000 })

    assert.equal(await readAll(() => clock.advance(10_000)), 3 * A_PULL)
    await letters.close()

    assert.equal(letters.seen().endedBy, 'time')
  })

  it('ends after the fourth answer without messages in a row', async () => {
    const { letters, asked, clock, readAll } = startReading({}, 1)
    const ended = readAll()
    await clock.advance(2_999)
    assert.equal(asked.length, 4)

    await clock.advance(1)

    assert.equal(await ended, 1)
    assert.equal(asked.length, 5)
    assert.equal(letters.seen().endedBy, undefined)
    await letters.close()
    assert.equal(clock.pending(), 0)
  })

  it('pulls no more once the command is ended, even in a pause', async () => {
    const { letters, asked, clock, controller, readAll } = startReading({}, 0)
    const ended = readAll()
    await clock.advance(0)

    controller.abort(new Error('the end'))

    await assert.rejects(ended, /the end/)
    await letters.close()
    assert.deepEqual(asked.filter((one) => one === 'pull').length, 1)
    assert.equal(clock.pending(), 0)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EventOutcome, IMPORTED, rejected } from '../src/model/outcome.ts'
import { aMessage } from './helpers/builders.ts'
import { createFakeClock, settlePromises } from './helpers/fake-clock.ts'
import {
  ACK_DEADLINE_MS,
  ANSWER_MS,
  answersOf,
  createLedgerScene,
  type LedgerScene,
  MINUTE_MS,
} from './helpers/ledger.ts'
import { createPath, dataOf, type Path, type PathChanges } from './helpers/path.ts'

describe('a redelivery', () => {
  it('is acked by the answer to the first delivery, when Mixpanel takes longer than a deadline', async () => {
    const { push, path, clock } = createScene({ answerTo: () => ({ afterMs: 11_000 }) })
    const message = aMessage({ data: dataOf('a', 'b') })
    const first = await push(message)
    await clock.advance(ACK_DEADLINE_MS)

    const second = await push(message)
    await clock.advance(1_000)

    assert.deepEqual(answersOf([first, second]), ['nack deadline', 'ack imported'])
    assert.deepEqual(path.sent, ['a', 'b'])
  })

  it('is acked when it comes long after an answer of Mixpanel that no push waited for', async () => {
    const { push, path, clock } = createScene({ answerTo: () => ({ afterMs: 11_000 }) })
    await push()
    await clock.advance(ACK_DEADLINE_MS + 5 * MINUTE_MS)

    const second = await push()

    assert.equal(second.answer, 'ack imported')
    assert.equal(path.sent.length, 1)
  })

  it('sends only the rest of a message that is too much for one delivery', async () => {
    const { push, path, clock } = createScene({
      answerTo: () => ({ afterMs: 5_000 }),
      maxEvents: 1,
      maxConcurrency: 1,
    })
    const names = [...'abcdefghij']
    const message = aMessage({ data: dataOf(...names) })
    const answers: string[] = []

    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const redelivery = await push(message)
      await clock.advance(MINUTE_MS)
      answers.push(redelivery.answer)
    }

    assert.deepEqual(answers, ['nack deadline', 'nack deadline', 'ack imported'])
    assert.deepEqual(path.sent, names)
  })

  it('sends the events that went back for lack of time when it joins the first push', async () => {
    const { push, path, clock } = createScene({
      answerTo: ([name]) => ({ afterMs: name === 'a' ? 9_500 : 10 }),
      maxEvents: 1,
      maxConcurrency: 1,
    })
    const message = aMessage({ data: dataOf('a', 'b', 'c') })
    const first = await push(message)
    await clock.advance(ANSWER_MS)

    const second = await push(message)
    await clock.advance(1_000)

    assert.deepEqual(answersOf([first, second]), ['nack deadline', 'ack imported'])
    assert.deepEqual(path.sent, ['a', 'b', 'c'])
  })

  it('stores the dead letters of its message once, even when the first push did not wait for them', async () => {
    const storing = Promise.withResolvers<boolean>()
    let stores = 0
    const storeRejected = () => {
      stores += 1
      return storing.promise
    }
    const answerTo = () => ({ outcomeOf: () => rejected('refused_by_mixpanel', 'no') })
    const { push, clock } = createScene({ answerTo, stages: { storeRejected } })
    await push()
    await clock.advance(ANSWER_MS)
    storing.resolve(true)
    await settlePromises()

    const second = await push()

    assert.deepEqual([second.answer, stores], ['ack dead_lettered', 1])
  })

  it('stores again what could not be stored, and sends nothing of it', async () => {
    let storable = false
    const answerTo = () => ({
      outcomeOf: (name: string): EventOutcome =>
        name === 'a' ? IMPORTED : rejected('refused_by_mixpanel', 'no'),
    })
    const { push, path } = createScene({
      answerTo,
      stages: { storeRejected: async () => storable },
    })
    const message = aMessage({ data: dataOf('a', 'b') })
    const first = await push(message)

    storable = true
    const second = await push(message)

    assert.deepEqual(answersOf([first, second]), [
      'nack dead_letter_unavailable',
      'ack dead_lettered',
    ])
    assert.deepEqual(path.sent, ['a', 'b'])
  })
})

/** A ledger on the whole path, up to a fake Mixpanel. */
function createScene(changes: PathChanges): LedgerScene & { readonly path: Path } {
  const clock = createFakeClock()
  const path = createPath({ ...changes, clock })
  return {
    ...createLedgerScene(path.settleMessage, { clock, review: path.batcher.review }),
    path,
  }
}

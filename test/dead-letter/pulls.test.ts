import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPulls } from '../../src/dead-letter/pulls.ts'
import type { Pulled } from '../../src/dead-letter/subscription-client.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const NOTHING: Pulled = { kind: 'pulled', received: [] }
const LOST: Pulled = { kind: 'failed', answer: { kind: 'unanswered', code: 'ECONNRESET' } }
const BUSY: Pulled = { kind: 'failed', answer: { kind: 'answered', status: 503, body: {} } }

/** Pulls with these answers, in this order. After the last one, no answer comes. */
function startPulls(...answers: readonly Pulled[]) {
  const clock = createFakeClock()
  const controller = new AbortController()
  let asked = 0
  const pulls = createPulls({
    client: {
      pull: async () => answers[asked++] ?? new Promise(() => {}),
    },
    clock,
    ending: controller.signal,
    failure: ({ kind }) => new Error(`it failed: ${kind}`),
  })
  return { pulls, clock, controller, asked: () => asked }
}

describe('the pulls of a command', () => {
  it('count those whose answers did not come, and no refusal', async () => {
    const { pulls, clock } = startPulls(LOST, BUSY, NOTHING)
    const next = pulls.next(1)
    await clock.advance(2_000)

    assert.deepEqual(await next, [])
    assert.equal(pulls.unanswered(), 1)
  })

  it('send none once the command is ended, even after one that failed', async () => {
    const { pulls, clock, controller, asked } = startPulls(BUSY)
    const ended = assert.rejects(pulls.next(1), /the end/)
    await clock.advance(0)

    controller.abort(new Error('the end'))

    await ended
    assert.equal(asked(), 1)
  })

  it('wait five seconds for an answer once the command is ended', async () => {
    const { pulls, clock, controller } = startPulls()
    let isOver = false
    const ended = assert.rejects(pulls.next(1), /the end/).then(() => {
      isOver = true
    })
    controller.abort(new Error('the end'))
    await clock.advance(4_999)
    assert.equal(isOver, false)

    await clock.advance(1)

    await ended
  })
})

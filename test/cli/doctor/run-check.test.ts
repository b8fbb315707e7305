import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Finding, ok } from '../../../src/cli/doctor/finding.ts'
import { runCheck } from '../../../src/cli/doctor/run-check.ts'
import { createFakeClock } from '../../helpers/fake-clock.ts'

describe('one check', () => {
  it('has five seconds, and is told to stop after them', async () => {
    const clock = createFakeClock()
    const signals: AbortSignal[] = []
    const run = (signal: AbortSignal) => {
      signals.push(signal)
      return new Promise<readonly Finding[]>(() => {})
    }

    const running = runCheck({ name: 'keys', run }, clock)
    await clock.advance(4_999)
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [false],
    )
    await clock.advance(1)

    assert.deepEqual(await running, [{ kind: 'fail', text: 'no answer within 5 s' }])
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true],
    )
  })

  it('leaves no timer behind', async () => {
    const clock = createFakeClock()

    const found = await runCheck({ name: 'keys', run: async () => [ok('good')] }, clock)

    assert.deepEqual(found, [{ kind: 'ok', text: 'good' }])
    assert.equal(clock.pending(), 0)
  })

  it('rejects with a bug', async () => {
    const run = () => Promise.reject(new Error('a bug'))

    await assert.rejects(runCheck({ name: 'keys', run }, createFakeClock()), /a bug/)
  })
})

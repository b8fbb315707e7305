import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { notStarted } from '../../src/cli/not-started.ts'
import { startLoopbackServer } from '../../src/local/loopback-server.ts'

describe('a world that did not start', () => {
  it('takes other ports when one is taken', async (t) => {
    const { port, close } = await startLoopbackServer({ name: 'one', port: 0 }, async () => {})
    t.after(close)
    const taken = startLoopbackServer({ name: 'other', port }, async () => {})
    const error = await taken.catch((reason: unknown) => reason)

    const { message } = notStarted(error, 'demo')

    assert.match(
      message,
      /^other cannot listen .*\nThe world did not start\. Take other ports with: /,
    )
    assert.match(message, /pubsub-mixpanel demo --port-base 9000$/)
  })

  it('says its reason alone when the ports are not at fault', () => {
    const { message } = notStarted(new Error('the disk is full'), 'demo')

    assert.equal(message, 'the disk is full\nThe world did not start.')
  })
})

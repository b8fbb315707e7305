import assert from 'node:assert/strict'
import { Agent as HttpsAgent } from 'node:https'
import { describe, it } from 'node:test'
import { createFreshSockets } from '../../src/deliver/fresh-sockets.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

describe('createFreshSockets', () => {
  it('has an agent of the scheme it is for', () => {
    const clock = createFakeClock()
    const plain = createFreshSockets({ baseUrl: 'http://127.0.0.1:1', maxSockets: 1 }, clock)
    const secure = createFreshSockets({ baseUrl: 'https://127.0.0.1:1', maxSockets: 1 }, clock)

    assert.ok(!(plain.agent instanceof HttpsAgent))
    assert.ok(secure.agent instanceof HttpsAgent)
  })
})

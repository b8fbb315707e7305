import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startApp } from '../helpers/app.ts'

it('keeps connections longer than Google’s front ends, and waits 30 s for a request', async (t) => {
  const { app } = await startApp(t)

  assert.equal(app.server.keepAliveTimeout, 620_000)
  assert.equal(app.server.requestTimeout, 30_000)
  // Were it longer, Node would take the one for the other.
  assert.equal(app.server.headersTimeout, 30_000)
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startWorld } from '../../helpers/world.ts'

it('refuses a body unparsed that is nested so deeply that parsing would cost the memory', async (t) => {
  const { pusher } = await startWorld(t)
  const rawBody = Buffer.alloc(15 * 1024 * 1024, '[')

  const answer = await pusher.push({}, { rawBody })

  assert.equal(answer.status, 400)
  assert.equal(JSON.parse(answer.body).code, 'BODY_NOT_JSON')
  const { maxRSS } = process.resourceUsage()
  assert.ok(maxRSS < 600 * 1024, `${maxRSS} KiB`)
})

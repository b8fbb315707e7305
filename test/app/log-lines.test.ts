import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startWorld } from '../helpers/world.ts'

const MESSAGE = {
  messageId: '7',
  publishTime: '2026-01-01T00:00:00Z',
  data: '{"event":"signed_up","properties":{"distinct_id":"u"}}\n{"event":',
}

it('writes the books at shutdown, although the service lived less than a minute', async (t) => {
  const { pusher, service, logLines } = await startWorld(t)
  await pusher.push(MESSAGE)

  await service.close()

  const minutes = logLines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'minute')
  const books = { received: 2, imported: 1, dead_lettered: 1, dropped: 0, returned: 0, pending: 0 }
  assert.equal(minutes.length, 1)
  assert.partialDeepStrictEqual(minutes[0], { delta: books, ...books })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { spawnService } from '../../../src/cli/spawn-service.ts'
import { VERSION } from '../../../src/version.ts'
import { aFolder, startWorld } from '../../helpers/world.ts'

const MESSAGE = {
  messageId: '7',
  publishTime: '2026-01-01T00:00:00Z',
  data: '{"event":"signed_up","properties":{"distinct_id":"u"}}\n{"event":',
}

it('writes the event totals at shutdown, although the service lived less than a minute', async (t) => {
  const { pusher, service, logLines } = await startWorld(t)
  await pusher.push(MESSAGE)

  await service.close()

  const minutes = logLines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'minute')
  const totals = { received: 2, imported: 1, dead_lettered: 1, dropped: 0, returned: 0, pending: 0 }
  assert.equal(minutes.length, 1)
  assert.partialDeepStrictEqual(minutes[0], { delta: totals, ...totals })
})

it('says at the start what is in force, and no secret', async (t) => {
  const folder = await aFolder(t)
  const service = await spawnService({
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    MIXPANEL_URL: 'http://127.0.0.1:9/base',
    MIXPANEL_PROJECT_TOKEN: '0123456789abcdef0123456789abcdef',
    PUSH_AUTH: 'none',
    PUSH_ACK_DEADLINE_SECONDS: '60',
    DEAD_LETTER: `file:${folder}`,
  })
  await service.stop('SIGTERM')

  const started = service.logLines.find((line) => line.includes('"event":"started"')) ?? '{}'
  assert.partialDeepStrictEqual(JSON.parse(started), {
    version: VERSION,
    mixpanelHost: '127.0.0.1:9',
    project: '…cdef',
    auth: 'none',
    audiences: 'any',
    ackDeadlineSeconds: 60,
    deadLetter: `file:${folder}`,
    transform: 'none',
  })
  assert.doesNotMatch(service.logLines.join(), /0123456789/)
})

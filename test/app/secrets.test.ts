import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createScaledClock } from '../helpers/scaled-clock.ts'
import { startWorld } from '../helpers/world.ts'

const EVENT = '{"event":"ev3nt-name","properties":{"distinct_id":"d1stinct","x":"p4yload"}}'

it('writes no payload, token, secret or distinct id into a log line or an answer', async (t) => {
  const { pusher, mixpanel, issuer, logLines } = await startWorld(t, {
    clock: createScaledClock(50),
    transform: () => {
      throw new Error('d1stinct p4yload')
    },
  })
  const throwing = await pusher.push({ data: EVENT })
  const world = await startWorld(t, { clock: createScaledClock(50) })
  const answers = [throwing]
  const push = async (data: string) => answers.push(await world.pusher.push({ data }))

  await push(EVENT)
  await push(`${EVENT}\n{"event":"ev3nt-name", p4yload`)
  await push(EVENT.replace('d1stinct', 'anonymous'))
  for (const kind of ['reset_before_import', 'cut_off'] as const) {
    world.mixpanel.answerNext(1, { kind })
    await push(EVENT)
  }
  for (const status of [400, 401, 403, 413, 429, 502]) {
    world.mixpanel.answerNext(1, { kind: 'status', status, body: 'p4yload d1stinct' })
    await push(EVENT)
  }
  answers.push(await world.pusher.push({}, { rawBody: `{"p4yload": d1stinct` }))
  answers.push(await world.pusher.push({}, { rawBody: EVENT }))
  await mixpanel.close()

  const written = [...logLines, ...world.logLines, ...answers.map(({ body }) => body)].join('\n')
  const secrets = ['p4yload', 'd1stinct', 'ev3nt-name', 'local-project-token']
  for (const secret of [...secrets, issuer.token(), 'eyJ', Buffer.from(EVENT).toString('base64')]) {
    assert.ok(!written.includes(secret), `${secret} was written`)
  }
  assert.ok(written.length > 1_000)
})

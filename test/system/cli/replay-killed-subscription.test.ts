import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../../src/local/pubsub-stand-in.ts'
import { COPIED, messagesOf } from '../../cli/dead-letters/subscription-scene.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { until } from '../../helpers/until.ts'
import { aFolder } from '../../helpers/world.ts'
import { createHandTime } from '../../local/hand-time.ts'
import { FIX, hopelessLetters, KILLS, letters, RATE, TRANSFORM, WINDOW } from './killed-letters.ts'
import { begin, run } from './run.ts'

const LETTERS = 2_000
/** Copies of whole messages, of two events each. */
const COPIES = 250
const HOPELESS = 20
const MOST_REPLAYS = 2
const SUBSCRIPTION = 'projects/local-project/subscriptions/letters'

it('a replay of a subscription that is killed at any moment leaves each event once', {
  timeout: 300_000,
}, async (t) => {
  const mixpanel = await startMixpanelStandIn({ keptRequests: 0 })
  t.after(() => mixpanel.close())
  const time = createHandTime()
  const pubsub = await startPubsub(t, { time })
  const subscription = pubsub.createPullSubscription(SUBSCRIPTION, {
    topic: LOCAL_DEAD_LETTER_TOPIC,
  })
  for (const letter of [...letters(LETTERS), ...hopelessLetters(HOPELESS)]) {
    pubsub.publish(LOCAL_DEAD_LETTER_TOPIC, await messagesOf(letter))
  }
  pubsub.publish(LOCAL_DEAD_LETTER_TOPIC, copies())
  const modules = await aFolder(t)
  const [transform, fix] = [join(modules, 'transform.mjs'), join(modules, 'fix.mjs')]
  await writeFile(transform, TRANSFORM)
  await writeFile(fix, FIX)
  const env = {
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    PUBSUB_EMULATOR_HOST: pubsub.host,
    DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`,
    TRANSFORM: transform,
  }
  const args = [
    'replay',
    '--from',
    SUBSCRIPTION,
    '--apply',
    '--fix',
    fix,
    '--max-replays',
    '2',
    '--rate',
  ]

  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = mixpanel.rows().length
    const child = begin('dead-letters', [...args, String(RATE)], env)
    const closed = once(child, 'close')
    await until('an event', () => mixpanel.rows().length > before || child.exitCode !== null)
    // Any moment is a good one to be killed at, however fast the machine is.
    await setTimeout(Math.random() * 300)
    child.kill('SIGKILL')
    await closed
    await time.advance(60_000)
  }
  const ends: string[] = []
  for (let replay = 0; replay <= MOST_REPLAYS; replay += 1) {
    const { out, err } = await run('dead-letters', [...args, '30000'], env)
    ends.push(`${out}${err}`)
  }

  const shown = ends.join('\n')
  const ids = mixpanel.deduplicated().map(({ event, insertId }) => `${event} ${insertId}`)
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(ids.length, LETTERS + COPIES * 2, shown)
  assert.equal(new Set(ids.map((id) => id.split(' ')[0])).size, ids.length)
  // A copy has two events.
  const most = ids.length + KILLS * WINDOW * 2
  assert.ok(mixpanel.rows().length <= most, `${mixpanel.rows().length} rows`)
  const listed = await run('dead-letters', ['list', '--from', SUBSCRIPTION, '--ids', '--json'], env)
  const open = listed.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    open.map(({ id, replays }) => `${id} ${replays}`).sort(),
    hopelessLetters(HOPELESS).map(({ id }) => `${id} ${MOST_REPLAYS}`),
  )
  assert.equal(subscription.outstanding(), 0)
})

function copies() {
  return Array.from({ length: COPIES }, (_, at) => {
    const data = `${JSON.stringify({ items: [`x${at}`] })}\n${JSON.stringify({ items: [`bady${at}`] })}`
    return { data, attributes: COPIED }
  })
}

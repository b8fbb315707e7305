import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { until } from '../../helpers/until.ts'
import { aFolder } from '../../helpers/world.ts'
import { FIX, KILLS, letters, RATE, TRANSFORM, WINDOW } from './killed-letters.ts'
import { begin, run } from './run.ts'

const LETTERS = 5_000

it('a replay that is killed at any moment leaves each event once, and no letter open', async (t) => {
  const mixpanel = await startMixpanelStandIn({ keptRequests: 0 })
  t.after(() => mixpanel.close())
  const folder = await aFolder(t)
  const modules = await aFolder(t)
  const [transform, fix] = [join(modules, 'transform.mjs'), join(modules, 'fix.mjs')]
  await writeFile(transform, TRANSFORM)
  await writeFile(fix, FIX)
  await writeFile(
    join(folder, 'a.ndjson'),
    letters(LETTERS)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(''),
  )
  const env = {
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    TRANSFORM: transform,
  }
  const args = ['replay', '--from', folder, '--apply', '--fix', fix, '--rate']

  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = mixpanel.rows().length
    const child = begin('dead-letters', [...args, String(RATE)], env)
    const closed = once(child, 'close')
    await until('an event', () => mixpanel.rows().length > before || child.exitCode !== null)
    // Any moment is a good one to be killed at, however fast the machine is.
    await setTimeout(Math.random() * 300)
    child.kill('SIGKILL')
    await closed
    await rm(join(folder, 'replay.lock'), { force: true })
  }
  const { code, out, err } = await run('dead-letters', [...args, '30000'], env)

  assert.equal(code, 0, `${out}${err}`)
  const ids = mixpanel.deduplicated().map(({ event, insertId }) => `${event} ${insertId}`)
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(ids.length, LETTERS)
  assert.ok(mixpanel.rows().length <= LETTERS + KILLS * WINDOW, `${mixpanel.rows().length} rows`)
  assert.match(
    (await run('dead-letters', ['list', '--from', folder])).out,
    /^0 letters in .* \(5,000 done\)/,
  )
  const done = (await readFile(join(folder, 'replayed.ndjson'), 'utf8')).split('\n')
  assert.ok(done.length > LETTERS)
})

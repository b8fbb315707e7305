import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { loadReplayConfig } from '../../../src/cli/dead-letters/replay-config.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { createReplayer } from '../../../src/service/replay/replayer.ts'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { aHost } from '../../helpers/config.ts'
import { aFolder } from '../../helpers/world.ts'

const OPTIONS = { transform: undefined, fixOf: undefined, isAllChildren: false, maxReplays: 5 }

it('a letter that fails again and cannot be stored again is not done', async (t) => {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const env = { MIXPANEL_URL: mixpanel.url, MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token }
  const file = join(await aFolder(t), 'a.ndjson')
  await writeFile(file, '')
  const config = loadReplayConfig(env, aHost(), {
    store: { folder: join(file, 'letters') },
    sends: true,
  })
  const faults: unknown[] = []
  const replayer = createReplayer(config, OPTIONS, {
    clock: systemClock,
    random: Math.random,
    refused: () => {},
    notStored: (error) => faults.push(error),
  })

  const ends = await replayer.send([aDeadLetter()])
  await replayer.close()

  assert.deepEqual(ends, [{ kind: 'returned', reason: 'dead_letter_unavailable' }])
  assert.equal(faults.length, 1)
})

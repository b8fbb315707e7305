import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { complaints, hasSurvived } from '../../../bench/survival/report.ts'
import { PLAIN_SETTING } from '../../../bench/survival/setting.ts'
import { survive } from '../../../bench/survival/survive.ts'
import { sabotagedService } from './sabotaged-service.ts'
import { SABOTEURS } from './saboteurs.ts'

const PATIENCE_MS = 5_000

describe('a survival run fails for a service that', { concurrency: 3 }, () => {
  for (const [what, sabotage] of Object.entries(SABOTEURS)) {
    it(what, { timeout: 120_000 }, async (t) => {
      const survival = await survive({
        seed: 1,
        events: 500,
        kills: sabotage.showsAfterKill ? ['after the import, before the ack'] : [],
        stops: 0,
        main: await sabotagedService(t, sabotage),
        patienceMs: PATIENCE_MS,
        setting: PLAIN_SETTING,
        untilAllStruck: true,
        ...sabotage.shows,
      })

      assert.match(complaints(survival).join('\n'), sabotage.found)
      assert.equal(hasSurvived(survival), false)
    })
  }
})

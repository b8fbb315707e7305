import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { complaints, hasSurvived } from '../../bench/survival/report.ts'
import { survive } from '../../bench/survival/survive.ts'
import { sabotagedService } from './sabotaged-service.ts'
import { SABOTEURS } from './saboteurs.ts'

describe('a survival run fails for a service that', () => {
  for (const [what, sabotage] of Object.entries(SABOTEURS)) {
    it(what, { timeout: 120_000 }, async (t) => {
      const survival = await survive({
        seed: 1,
        events: 500,
        kills: sabotage.showsAfterKill ? ['after the import, before the ack'] : [],
        stops: 0,
        main: await sabotagedService(t, sabotage),
        patienceMs: 5_000,
      })

      assert.match(complaints(survival).join('\n'), sabotage.found)
      assert.equal(hasSurvived(survival), false)
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KILL_POINTS, killPointsOf } from '../../../bench/survival/kill-points.ts'
import { complaints, hasSurvived } from '../../../bench/survival/report.ts'
import { pickSetting } from '../../../bench/survival/setting.ts'
import { survive } from '../../../bench/survival/survive.ts'

/** The run must end well with any seed. The test names the seed when it does not. */
const SEED = 1 + Math.floor(Math.random() * 1_000_000)

describe('a survival run', () => {
  it(`loses nothing and doubles nothing (seed ${SEED})`, { timeout: 300_000 }, async () => {
    const survival = await survive({
      seed: SEED,
      events: 3_000,
      kills: KILL_POINTS,
      stops: 1,
      calm: 150,
      patienceMs: 60_000,
    })

    assert.deepEqual(complaints(survival), [])
    assert.ok(hasSurvived(survival))
    assert.deepEqual(
      survival.kills.map(({ point }) => point),
      killPointsOf(pickSetting(SEED)),
    )
    assert.ok(survival.kills.every(({ held }) => held >= 50))
    assert.ok(survival.counts.redeliveries > 0)
  })
})

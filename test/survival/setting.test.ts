import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pickSetting, type Setting } from '../../bench/survival/setting.ts'

const SEEDS_IN_A_ROW = 10
const MODES: Readonly<Record<keyof Setting, readonly unknown[]>> = {
  ids: ['content', 'message'],
  letters: ['file', 'subscription', 'topic'],
  instances: [1, 2, 3, 4],
  batches: ['large', 'small'],
}

describe('the setting of a survival run', () => {
  it('covers all modes in ten seeds, whatever the first of them', () => {
    for (const first of [0, 1, 101, 999_983]) {
      const settings = seedsFrom(first).map(pickSetting)
      for (const mode of modes()) {
        const choices = new Set(settings.map((setting) => setting[mode]))
        assert.deepEqual([...choices].sort(), MODES[mode], `${mode} from seed ${first}`)
      }
    }
  })

  it('joins each way to make ids with each place for letters in ten seeds', () => {
    const pairs = seedsFrom(1)
      .map(pickSetting)
      .map(({ ids, letters }) => `${ids} ${letters}`)

    assert.equal(new Set(pairs).size, 6)
  })
})

function seedsFrom(first: number): readonly number[] {
  return Array.from({ length: SEEDS_IN_A_ROW }, (_, at) => first + at)
}

function modes(): readonly (keyof Setting)[] {
  return ['ids', 'letters', 'instances', 'batches']
}

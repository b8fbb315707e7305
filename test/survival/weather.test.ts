import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Faults } from '../../bench/survival/faults.ts'
import { createRandom } from '../../bench/survival/random.ts'
import { createWeather } from '../../bench/survival/weather.ts'
import { until } from '../helpers/until.ts'

describe('the weather of a survival run', () => {
  it('strikes with each fault once before any comes again', async () => {
    const struck: string[] = []
    const ended: string[] = []
    const names = ['a', 'b', 'c', 'd']
    const faults: Faults = Object.fromEntries(
      names.map((name) => [
        name,
        { strike: () => void struck.push(name), end: () => void ended.push(name) },
      ]),
    )
    let store = (): void => {}
    const watchRows = (watch: (rows: readonly never[]) => void) => {
      store = () => watch(Array<never>(10))
    }
    const weather = createWeather({ faults, watchRows }, { random: createRandom(7), calm: 1 })

    weather.begin()
    await until('the faults have struck', () => {
      store()
      return struck.length > names.length
    })
    await weather.end()

    assert.deepEqual(struck.slice(0, names.length).sort(), names)
    assert.deepEqual(ended, struck)
    assert.equal(
      [...weather.counts().values()].reduce((sum, count) => sum + count, 0),
      struck.length,
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createExpiringMap } from '../../src/lib/expiring-map.ts'
import { collectGarbage } from '../helpers/collect-garbage.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

function anExpiringMap(options = {}) {
  const clock = createFakeClock()
  return { clock, map: createExpiringMap({ lifetimeMs: 1_000, maxBytes: 100, ...options }, clock) }
}

describe('createExpiringMap', () => {
  it('recalls a value until its lifetime is over', async () => {
    const { clock, map } = anExpiringMap()
    map.remember('a', 1, 10)

    await clock.advance(999)
    assert.equal(map.recall('a'), 1)

    await clock.advance(1)
    assert.equal(map.recall('a'), undefined)
  })

  it('recalls nothing it was not told, or was told to forget', () => {
    const { map } = anExpiringMap()
    map.remember('a', 1, 10)

    map.forget('a')

    assert.equal(map.recall('a'), undefined)
    assert.equal(map.recall('b'), undefined)
  })

  it('forgets the oldest when it holds too many bytes', () => {
    const { map } = anExpiringMap()
    map.remember('a', 1, 40)
    map.remember('b', 2, 60)

    map.remember('c', 3, 1)

    assert.deepEqual(['a', 'b', 'c'].map(map.recall), [undefined, 2, 3])
  })

  it('holds what fills it to the last byte', () => {
    const { map } = anExpiringMap()

    map.remember('a', 1, 40)
    map.remember('b', 2, 60)

    assert.deepEqual(['a', 'b'].map(map.recall), [1, 2])
  })

  it('does not remember what is larger than all it may hold', () => {
    const { map } = anExpiringMap()

    map.remember('a', 1, 101)

    assert.equal(map.recall('a'), undefined)
  })

  it('counts a key once, and lets it live anew, when it is remembered again', async () => {
    const { clock, map } = anExpiringMap()
    map.remember('a', 1, 60)
    await clock.advance(600)

    map.remember('a', 2, 60)
    map.remember('b', 3, 40)
    await clock.advance(600)

    assert.deepEqual(['a', 'b'].map(map.recall), [2, 3])
  })

  it('makes room by what has expired, and by what is forgotten', async () => {
    const { clock, map } = anExpiringMap()
    map.remember('a', 1, 50)
    await clock.advance(500)
    map.remember('b', 2, 50)
    map.forget('b')
    await clock.advance(500)

    map.remember('c', 3, 50)
    map.remember('d', 4, 50)

    assert.deepEqual(['a', 'b', 'c', 'd'].map(map.recall), [undefined, undefined, 3, 4])
  })

  it('holds on to nothing that has expired once it is told something new', async () => {
    const clock = createFakeClock()
    const map = createExpiringMap<object>({ lifetimeMs: 1_000, maxBytes: 100 }, clock)
    const rememberWatched = (key: string) => {
      const value = {}
      map.remember(key, value, 1)
      return new WeakRef(value)
    }
    const old = rememberWatched('a')
    await clock.advance(1_000)
    const young = rememberWatched('b')

    collectGarbage()

    assert.deepEqual([old.deref(), young.deref()], [undefined, {}])
  })

  it('remembers what a plain list would, however often keys come and go', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('remember'), key, fc.nat(45)) },
      fc.tuple(fc.constant('forget'), key, fc.constant(0)),
      fc.tuple(fc.constant('wait'), key, fc.nat(400)),
    )
    const steps = fc.array(step, { minLength: 200, maxLength: 400, size: 'max' })
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const { clock, map } = anExpiringMap()
        let list: { key: string; value: number; bytes: number; until: number }[] = []
        for (const [value, [kind, name, number]] of script.entries()) {
          if (kind === 'wait') await clock.advance(number)
          else list = list.filter((entry) => entry.key !== name)
          if (kind === 'forget') map.forget(name)
          if (kind === 'remember') {
            map.remember(name, value, number)
            const until = clock.monotonic() + 1_000
            list.push({ key: name, value, bytes: number, until })
            while (list.reduce((sum, { bytes }) => sum + bytes, 0) > 100) list.shift()
          }
          list = list.filter(({ until }) => until > clock.monotonic())

          for (const each of ['a', 'b', 'c', 'd', 'e']) {
            assert.equal(map.recall(each), list.find((entry) => entry.key === each)?.value)
          }
        }
      }),
      { numRuns: 10 },
    )
  })
})

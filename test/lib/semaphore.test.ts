import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createLimit } from '../../src/lib/semaphore.ts'
import { settlePromises } from '../helpers/fake-clock.ts'

/** Starts numbered tasks that end when they are told to. */
function startTasks(most: number, count: number) {
  const limit = createLimit(most)
  const started: number[] = []
  const ends = Array.from({ length: count }, () => Promise.withResolvers<number>())
  const results = ends.map((end, index) =>
    limit(() => {
      started.push(index)
      return end.promise
    }),
  )
  return { limit, started, ends, results }
}

describe('createLimit', () => {
  it('runs as many tasks at once as it may, and the others in the order they came', async () => {
    const { started, ends } = startTasks(2, 4)

    await settlePromises()
    assert.deepEqual(started, [0, 1])

    ends[1]?.resolve(1)
    await settlePromises()
    assert.deepEqual(started, [0, 1, 2])

    ends[0]?.resolve(0)
    await settlePromises()
    assert.deepEqual(started, [0, 1, 2, 3])
  })

  it('answers each task with its own result', async () => {
    const { ends, results } = startTasks(1, 3)

    for (const [index, end] of ends.entries()) end.resolve(index * 10)

    assert.deepEqual(await Promise.all(results), [0, 10, 20])
  })

  it('gives the place of a task that rejects to the next', async () => {
    const { started, ends, results } = startTasks(1, 2)

    ends[0]?.reject(new Error('broken'))

    await assert.rejects(results[0] ?? Promise.resolve(), /broken/)
    await settlePromises()
    assert.deepEqual(started, [0, 1])
  })

  it('lets no newcomer take the place that is promised to one that waits', async () => {
    const { limit, started, ends } = startTasks(1, 2)

    ends[0]?.resolve(0)
    await ends[0]?.promise
    void limit(async () => started.push(99))
    await settlePromises()

    assert.deepEqual(started, [0, 1])
  })

  it('never runs more than it may, and runs all, whatever ends first', async () => {
    const scenario = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(), { maxLength: 12 }))
    await fc.assert(
      fc.asyncProperty(scenario, async ([most, picks]) => {
        const { started, ends, results } = startTasks(most, picks.length)
        const ended = new Set<number>()
        for (const pick of picks) {
          await settlePromises()
          const running = started.filter((index) => !ended.has(index))
          assert.equal(running.length, Math.min(most, picks.length - ended.size))
          const index = running[pick % running.length] ?? 0
          ended.add(index)
          ends[index]?.resolve(index)
        }

        assert.equal((await Promise.all(results)).length, picks.length)
      }),
      { numRuns: 50 },
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGroupCommit } from '../../src/dead-letter/group-commit.ts'
import { settlePromises } from '../helpers/fake-clock.ts'

/** A commit that waits to be let go, and the groups it was handed. */
function createScene(limits: {
  maxItems?: number
  maxBytes?: number
  maxQueuedBytes?: number
  maxCommits?: number
}) {
  const groups: (readonly string[])[] = []
  const held: PromiseWithResolvers<void>[] = []
  const commits = createGroupCommit<string>({
    maxItems: 1_000,
    maxBytes: 1_000,
    maxQueuedBytes: 1_000,
    maxCommits: 1,
    ...limits,
    commit(items) {
      groups.push(items)
      const end = Promise.withResolvers<void>()
      held.push(end)
      return end.promise
    },
  })
  return { commits, groups, letGo, letGoOne, refuse: () => held.shift()?.reject(new Error('no')) }

  async function letGoOne(): Promise<void> {
    held.shift()?.resolve()
    await settlePromises()
  }

  async function letGo(): Promise<void> {
    for (let end = held.shift(); end; end = held.shift()) {
      end.resolve()
      await settlePromises()
    }
  }
}

describe('a group', () => {
  it('takes what gathered while the last was committed', async () => {
    const { commits, groups, letGo } = createScene({})

    const added = ['a', 'b', 'c'].map((item) => commits.add([item], 1))
    await letGo()
    await Promise.all(added)

    assert.deepEqual(groups, [['a'], ['b', 'c']])
  })

  for (const [what, limits] of [
    ['items', { maxItems: 3 }],
    ['bytes', { maxBytes: 3 }],
  ] as const) {
    it(`has no more ${what} than it may, and parts nothing that was added as one`, async () => {
      const { commits, groups, letGo } = createScene(limits)

      const added = [['a'], ['b', 'c'], ['d', 'e'], ['f'], ['g', 'h', 'i', 'j'], ['k']].map(
        (items) => commits.add(items, items.length),
      )
      await letGo()
      await Promise.all(added)

      assert.deepEqual(groups, [['a'], ['b', 'c'], ['d', 'e', 'f'], ['g', 'h', 'i', 'j'], ['k']])
    })
  }

  it('is refused as one, and the next is committed', async () => {
    const { commits, letGo, refuse } = createScene({})

    const first = commits.add(['a'], 1)
    const next = commits.add(['b'], 1)
    refuse()
    await assert.rejects(first, /no/)
    await letGo()

    await next
  })

  it('leaves room, once taken, for as much again', async () => {
    const { commits, groups, letGo } = createScene({ maxQueuedBytes: 2 })

    const added = ['a', 'b', 'c', 'd'].map((item) => commits.add([item], 1))
    await assert.rejects(Promise.all(added), /too many dead letters wait/)
    await letGo()
    const ends = await Promise.allSettled(added)

    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
    )
    assert.deepEqual(groups, [['a'], ['b', 'c']])
  })
})

describe('groups side by side', () => {
  it('are as many as they may be', async () => {
    const { commits, groups, letGo } = createScene({ maxCommits: 2 })

    const added = ['a', 'b', 'c', 'd'].map((item) => commits.add([item], 1))
    assert.deepEqual(groups, [['a'], ['b']])
    await letGo()
    await Promise.all(added)

    assert.deepEqual(groups, [['a'], ['b'], ['c', 'd']])
  })

  it('have no more bytes together than one may have', async () => {
    const { commits, groups, letGo } = createScene({ maxCommits: 9, maxBytes: 3 })

    const added = ['a', 'b', 'c'].map((item) => commits.add([item], 2))
    assert.deepEqual(groups, [['a']])
    await letGo()
    await Promise.all(added)

    assert.deepEqual(groups, [['a'], ['b'], ['c']])
  })

  it('have as many bytes together as one may have, those of committed groups left out', async () => {
    const { commits, groups, letGo } = createScene({ maxCommits: 9, maxBytes: 3 })
    const first = commits.add(['a'], 2)
    await letGo()
    await first

    const added = [commits.add(['b'], 1), commits.add(['c'], 2)]
    assert.deepEqual(groups, [['a'], ['b'], ['c']])
    await letGo()
    await Promise.all(added)
  })

  it('are counted by their own bytes, not by those that wait behind them', async () => {
    const { commits, groups, letGoOne, letGo } = createScene({
      maxCommits: 2,
      maxItems: 1,
      maxBytes: 3,
    })
    const added = ['a', 'b', 'c', 'd', 'e'].map((item) => commits.add([item], 1))

    await letGoOne()
    assert.deepEqual(groups, [['a'], ['b'], ['c']])
    await letGo()
    await Promise.all(added)

    assert.deepEqual(groups, [['a'], ['b'], ['c'], ['d'], ['e']])
  })

  it('are all waited for when closing', async () => {
    const { commits, letGo } = createScene({ maxCommits: 2 })
    const added = ['a', 'b', 'c'].map((item) => commits.add([item], 1))
    let closed = false

    const closing = commits.close().then(() => {
      closed = true
    })
    await settlePromises()
    assert.equal(closed, false)
    await letGo()
    await Promise.all([...added, closing])
  })
})

describe('an addition', () => {
  it('waits alone when it is larger than all that may wait', async () => {
    const { commits, groups, letGo } = createScene({ maxQueuedBytes: 2 })
    const added = [commits.add(['a'], 1), commits.add(['b'], 3)]

    await assert.rejects(commits.add(['c'], 1), /too many dead letters wait/)
    await letGo()
    await Promise.all(added)

    assert.deepEqual(groups, [['a'], ['b']])
  })

  it('is refused once the store is closed', async () => {
    const { commits, groups } = createScene({})

    await commits.close()

    await assert.rejects(commits.add(['a'], 1), /^Error: the dead-letter store is closed$/)
    assert.deepEqual(groups, [])
  })

  it('that is confirmed is done before the rest of its group, and whatever becomes of that', async () => {
    const end = Promise.withResolvers<void>()
    const commits = createGroupCommit<string>({
      maxItems: 10,
      maxBytes: 10,
      maxQueuedBytes: 10,
      maxCommits: 1,
      commit(items, confirm) {
        if (items.includes('a')) return Promise.resolve()
        confirm(['b', 'c'])
        return end.promise
      },
    })
    const first = commits.add(['a'], 1)
    const [whole, half, none] = [
      commits.add(['b'], 1),
      commits.add(['c', 'd'], 2),
      commits.add(['e'], 1),
    ]

    await Promise.all([first, whole])
    end.reject(new Error('no'))

    const ends = await Promise.allSettled([half, none])
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
  })
})

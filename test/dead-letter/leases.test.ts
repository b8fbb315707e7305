import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLeases, LEASE_SECONDS } from '../../src/dead-letter/leases.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const IDS = ['a', 'b', 'c']

/** Leases of a subscription that keeps what it is asked, as `seconds: ids`. */
function startLeases(ackDeadlineMs = 10_000) {
  const clock = createFakeClock()
  const asked: string[] = []
  const failing = new Set<string>()
  const failedOf = (ackIds: readonly string[]) => ackIds.filter((one) => failing.has(one))
  const leases = createLeases(ackDeadlineMs, {
    clock,
    client: {
      acknowledge: async (ackIds) => {
        asked.push(`ack: ${ackIds}`)
        return failedOf(ackIds)
      },
      modifyAckDeadline: async (ackIds, seconds) => {
        if (ackIds.length > 0) asked.push(`${seconds}: ${ackIds}`)
        return failedOf(ackIds)
      },
    },
  })
  return { clock, asked, failing, leases }
}

describe('the leases of pulled messages', () => {
  it('are extended before they end, again and again', async () => {
    const { clock, asked, leases } = startLeases()
    leases.hold(IDS, clock.monotonic())

    await clock.advance(5_000)
    assert.deepEqual(asked, [`${LEASE_SECONDS}: a,b,c`])
    await clock.advance(60_000)

    assert.equal(asked.length, 4)
  })

  it('are shortened at once when the subscription gives long ones', async () => {
    const { clock, asked, leases } = startLeases(600_000)
    leases.hold(IDS, clock.monotonic())

    await clock.advance(2_000)

    assert.deepEqual(asked, [`${LEASE_SECONDS}: a,b,c`])
  })

  it('are tried again when an extension fails', async () => {
    const { clock, asked, failing, leases } = startLeases()
    leases.hold(IDS, clock.monotonic())
    failing.add('b')

    await clock.advance(6_500)

    assert.deepEqual(asked, [`${LEASE_SECONDS}: a,b,c`, `${LEASE_SECONDS}: b`])
  })

  it('end with an ack, but for those that could not be acked', async () => {
    const { clock, asked, failing, leases } = startLeases()
    leases.hold(IDS, clock.monotonic())
    failing.add('b')

    assert.deepEqual(await leases.acknowledge(['a', 'b']), ['b'])

    assert.equal(leases.held(), 2)
    failing.clear()
    await clock.advance(5_000)
    assert.deepEqual(asked, ['ack: a,b', `${LEASE_SECONDS}: b,c`])
  })

  it('are given back, and are not extended any more', async () => {
    const { clock, asked, failing, leases } = startLeases()
    leases.hold(IDS, clock.monotonic())
    failing.add('c')

    assert.equal(await leases.giveBack(), 1)
    await clock.advance(600_000)

    assert.deepEqual(asked, ['0: a,b,c'])
    assert.equal(clock.pending(), 0)
  })

  it('are given back after an extension that is under way', async () => {
    const { clock, asked, leases, release } = startExtension()
    leases.hold(IDS, clock.monotonic())
    await clock.advance(5_000)

    const back = leases.giveBack()
    await clock.advance(0)
    release()
    await back

    assert.deepEqual(asked, [`${LEASE_SECONDS}: a,b,c`, '0: a,b,c'])
    assert.equal(clock.pending(), 0)
  })

  it('are not given back when they are acked during an extension', async () => {
    const { clock, asked, leases, release } = startExtension()
    leases.hold(IDS, clock.monotonic())
    await clock.advance(5_000)

    await leases.acknowledge(['a', 'b'])
    release()
    await leases.giveBack()

    assert.deepEqual(asked, [`${LEASE_SECONDS}: a,b,c`, '0: c'])
  })
})

/** Leases whose extensions take until `release`. */
function startExtension() {
  const clock = createFakeClock()
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const asked: string[] = []
  const leases = createLeases(10_000, {
    clock,
    client: {
      acknowledge: async () => [],
      modifyAckDeadline: async (ackIds, seconds) => {
        if (seconds > 0) await promise
        asked.push(`${seconds}: ${ackIds}`)
        return []
      },
    },
  })
  return { clock, asked, leases, release }
}

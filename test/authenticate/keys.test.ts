import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { JWK } from 'jose'
import { createKeys, type FetchKeys, type Keys } from '../../src/authenticate/keys.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'
import { createSigner } from './signer.ts'

const HOUR_MS = 3_600_000
const FIRST = { alg: 'RS256', kid: 'first' }
const SECOND = { alg: 'RS256', kid: 'second' }
const { jwk: firstKey } = await createSigner('first')
const secondKey = { ...firstKey, kid: 'second' }

interface FakeIssuer {
  readonly fetchKeys: FetchKeys
  /** How often it has been asked. */
  asked(): number
  publish(...keys: readonly JWK[]): void
  goDown(): void
}

/** Publishes the first key until told otherwise. */
function createFakeIssuer(): FakeIssuer {
  let asked = 0
  let published: JWK[] | undefined = [firstKey]
  return {
    async fetchKeys() {
      asked += 1
      if (!published) throw new Error('down')
      return { keys: published }
    },
    asked: () => asked,
    publish(...keys) {
      published = [...keys]
    },
    goDown() {
      published = undefined
    },
  }
}

interface World {
  readonly keys: Keys
  readonly issuer: FakeIssuer
  readonly clock: FakeClock
  readonly failures: unknown[]
}

function createWorld(clock = createFakeClock()): World {
  const issuer = createFakeIssuer()
  const failures: unknown[] = []
  const { fetchKeys } = issuer
  const keys = createKeys({ fetchKeys, clock, fetchFailed: (error) => failures.push(error) })
  return { keys, issuer, clock, failures }
}

/** Time passes, and no timer rings: the instance was frozen. */
function createFrozenClock(): FakeClock {
  return { ...createFakeClock(), after: () => () => {} }
}

function fail(error: unknown): void {
  assert.fail(`a fetch failed: ${error}`)
}

function timersThatKeepAlive(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
}

async function kindOf(found: ReturnType<Keys['find']>): Promise<string> {
  return (await found).kind
}

describe('start', () => {
  it('resolves when the keys are there', async () => {
    const { keys, failures } = createWorld()

    await keys.start()

    assert.equal(keys.available(), true)
    assert.equal(await kindOf(keys.find(FIRST)), 'found')
    assert.deepEqual(failures, [])
  })

  it('resolves when the first attempt has failed, and reports it', async () => {
    const { keys, issuer, failures } = createWorld()
    issuer.goDown()

    await keys.start()

    assert.equal(keys.available(), false)
    assert.deepEqual(failures, [new Error('down')])
  })
})

describe('refresh', () => {
  it('happens every hour', async () => {
    const { keys, issuer, clock } = createWorld()
    await keys.start()

    await clock.advance(HOUR_MS - 1)
    const before = issuer.asked()
    await clock.advance(1)
    const after = issuer.asked()
    await clock.advance(HOUR_MS)

    assert.deepEqual([before, after, issuer.asked()], [1, 2, 3])
  })

  it('is started by a request that finds the keys old, which does not wait for it', async () => {
    const issuer = createFakeIssuer()
    const clock = createFrozenClock()
    let release = () => {}
    const blocked = new Promise<void>((resolve) => {
      release = resolve
    })
    const keys = createKeys({
      fetchKeys: async () => {
        const answer = await issuer.fetchKeys()
        if (issuer.asked() > 1) await blocked
        return answer
      },
      clock,
      fetchFailed: fail,
    })
    await keys.start()

    await clock.advance(HOUR_MS)
    const kind = await kindOf(keys.find(FIRST))

    assert.deepEqual([kind, issuer.asked()], ['found', 2])
    release()
  })

  it('happens sooner, and ever later up to five minutes, after an attempt that failed', async () => {
    const { keys, issuer, clock } = createWorld()
    issuer.goDown()
    await keys.start()

    const waits: number[] = []
    for (let attempt = 1; attempt <= 7; attempt += 1) {
      const from = clock.monotonic()
      while (issuer.asked() === attempt && clock.monotonic() - from < HOUR_MS) {
        await clock.advance(1000)
      }
      waits.push((clock.monotonic() - from) / 1000)
    }

    assert.deepEqual(waits, [10, 20, 40, 80, 160, 300, 300])
  })

  it('happens every hour again once the key server is back', async () => {
    const { keys, issuer, clock } = createWorld()
    issuer.goDown()
    await keys.start()
    issuer.publish(firstKey)

    await clock.advance(10_000)
    const recovered = keys.available()
    await clock.advance(HOUR_MS - 1)

    assert.deepEqual([recovered, issuer.asked()], [true, 2])
  })

  it('happens an hour after an attempt that a request has started', async () => {
    const { keys, issuer, clock } = createWorld()
    await keys.start()
    await clock.advance(HOUR_MS / 2)
    await keys.find(SECOND)

    await clock.advance(HOUR_MS - 1)
    const before = issuer.asked()
    await clock.advance(1)

    assert.deepEqual([before, issuer.asked()], [2, 3])
  })

  it('does not come after stop', async () => {
    const { keys, issuer, clock } = createWorld()
    await keys.start()

    keys.stop()
    await clock.advance(3 * HOUR_MS)

    assert.equal(issuer.asked(), 1)
  })

  it('does not come when stop falls into an attempt', async () => {
    const { keys, issuer, clock } = createWorld()

    const started = keys.start()
    keys.stop()
    await started
    await clock.advance(3 * HOUR_MS)

    assert.equal(issuer.asked(), 1)
  })

  it('keeps the keys it has when an attempt fails', async () => {
    const { keys, issuer, clock, failures } = createWorld()
    await keys.start()
    issuer.goDown()

    await clock.advance(HOUR_MS)

    assert.equal(await kindOf(keys.find(FIRST)), 'found')
    assert.equal(failures.length, 1)
  })

  it('does not keep the process alive', async () => {
    const { fetchKeys } = createFakeIssuer()
    const keys = createKeys({ fetchKeys, clock: systemClock, fetchFailed: fail })
    const before = timersThatKeepAlive()

    await keys.start()

    assert.equal(timersThatKeepAlive(), before)
    keys.stop()
  })
})

describe('an unknown key', () => {
  it('is asked for, and found when the issuer has come to publish it', async () => {
    const { keys, issuer, clock } = createWorld()
    await keys.start()
    issuer.publish(firstKey, secondKey)
    await clock.advance(30_000)

    assert.equal(await kindOf(keys.find(SECOND)), 'found')
    assert.equal(issuer.asked(), 2)
  })

  it('is unknown when the issuer, asked lately, does not publish it', async () => {
    const { keys, issuer } = createWorld()
    await keys.start()

    assert.equal(await kindOf(keys.find(SECOND)), 'unknown')
    assert.equal(issuer.asked(), 1)
  })

  it('is asked for once in thirty seconds, whatever its name', async () => {
    const { keys, issuer, clock } = createWorld()
    await keys.start()

    const asked: number[] = []
    for (const waitMs of [29_999, 1, 29_999, 1]) {
      await clock.advance(waitMs)
      await keys.find({ alg: 'RS256', kid: `forged-${clock.now()}` })
      asked.push(issuer.asked())
    }

    assert.deepEqual(asked, [1, 2, 2, 3])
  })

  it('is asked for no oftener while the key server is down', async () => {
    const { keys, issuer, clock } = createWorld(createFrozenClock())
    await keys.start()
    issuer.goDown()

    await clock.advance(30_000)
    const kinds = [await kindOf(keys.find(SECOND)), await kindOf(keys.find(SECOND))]

    assert.deepEqual(kinds, ['unavailable', 'unavailable'])
    assert.equal(issuer.asked(), 2)
  })

  it('is found when an attempt ends while it is looked up', async () => {
    const { keys, issuer, clock } = createWorld(createFrozenClock())
    await keys.start()
    issuer.publish(firstKey, secondKey)
    await clock.advance(HOUR_MS)

    assert.equal(await kindOf(keys.find(SECOND)), 'found')
    assert.equal(issuer.asked(), 2)
  })

  it('waits for the attempt that is under way', async () => {
    const { keys, issuer } = createWorld()

    void keys.start()
    const kinds = await Promise.all([kindOf(keys.find(FIRST)), kindOf(keys.find(FIRST))])

    assert.deepEqual(kinds, ['found', 'found'])
    assert.equal(issuer.asked(), 1)
  })

  it('is what a published key is that cannot be used', async () => {
    const { keys, issuer } = createWorld()
    issuer.publish({ kty: 'RSA', kid: 'first', alg: 'RS256', e: 'AQAB' })

    await keys.start()

    assert.equal(await kindOf(keys.find(FIRST)), 'unknown')
  })

  it('is unavailable while the key server is down, and found once it is back', async () => {
    const { keys, issuer, clock } = createWorld()
    await keys.start()
    issuer.goDown()
    await clock.advance(30_000)

    const before = await kindOf(keys.find(SECOND))
    issuer.publish(firstKey, secondKey)
    await clock.advance(10_000)
    const after = await kindOf(keys.find(SECOND))

    assert.deepEqual([before, after], ['unavailable', 'found'])
  })
})

describe('without a key server', () => {
  it('known keys stay good for a day', async () => {
    const { keys, issuer, clock } = createWorld()
    await keys.start()
    issuer.goDown()

    await clock.advance(24 * HOUR_MS - 1)
    const before = [keys.available(), await kindOf(keys.find(FIRST))]
    await clock.advance(1)
    const after = [keys.available(), await kindOf(keys.find(FIRST))]

    assert.deepEqual(before, [true, 'found'])
    assert.deepEqual(after, [false, 'unavailable'])
  })

  it('keys that have never been had are unavailable', async () => {
    const { keys, issuer } = createWorld()
    issuer.goDown()

    assert.equal(await kindOf(keys.find(FIRST)), 'unavailable')
  })
})

it('asks anew for keys that grew older than a day while the instance was frozen', async () => {
  const { keys, issuer, clock } = createWorld(createFrozenClock())
  await keys.start()

  await clock.advance(48 * HOUR_MS)

  assert.equal(await kindOf(keys.find(FIRST)), 'found')
  assert.equal(issuer.asked(), 2)
})

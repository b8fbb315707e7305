import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createQuota, type QuotaLimit } from '../../../src/local/mixpanel/quota.ts'
import { aRecord, NOW, postImport } from '../post-import.ts'
import { startMixpanel } from '../start-local.ts'

const ADMITTED = { kind: 'admitted' }

describe('a quota', () => {
  it('admits without end while there is no limit', () => {
    const { admit } = quotaAt()

    assert.deepEqual(admit({ events: 1e9, bytes: 1e12 }), ADMITTED)
  })

  it('throttles the request that would pass its events, and only that', () => {
    const { admit } = quotaAt({ events: 3 })

    assert.deepEqual(admit(sized(2)), ADMITTED)
    assert.equal(admit(sized(2)).kind, 'throttled')
    assert.deepEqual(admit(sized(1)), ADMITTED)
  })

  it('throttles what would pass its bytes', () => {
    const { admit } = quotaAt({ events: 100, bytes: 1_000 })

    assert.deepEqual(admit({ events: 1, bytes: 1_000 }), ADMITTED)
    assert.equal(admit({ events: 0, bytes: 1 }).kind, 'throttled')
  })

  it('counts what was admitted within the last minute, to the millisecond', () => {
    const { admit, clock } = quotaAt({ events: 1 })
    admit(sized(1))

    clock.at += 59_999
    assert.deepEqual(admit(sized(1)), { kind: 'throttled', retryInMs: 1 })
    clock.at += 1
    assert.deepEqual(admit(sized(1)), ADMITTED)
  })

  it('counts over a window of another length when told to', () => {
    const { admit, clock } = quotaAt({ events: 1, windowMs: 10 })
    admit(sized(1))

    clock.at += 10

    assert.deepEqual(admit(sized(1)), ADMITTED)
  })

  it('rolls: each request leaves by itself', () => {
    const { admit, clock } = quotaAt({ events: 2 })
    admit(sized(1))
    clock.at += 30_000
    admit(sized(1))

    clock.at += 30_000
    assert.deepEqual(admit(sized(1)), ADMITTED)
    assert.deepEqual(admit(sized(1)), { kind: 'throttled', retryInMs: 30_000 })
  })

  it('forgets the bytes of what has left the window', () => {
    const { admit, clock } = quotaAt({ events: 100, bytes: 1_000 })
    admit({ events: 1, bytes: 1_000 })

    clock.at += 60_000

    assert.deepEqual(admit({ events: 1, bytes: 1_000 }), ADMITTED)
  })

  it('counts what was admitted before it was set', () => {
    const { admit, quota } = quotaAt()
    admit(sized(5))

    quota.set({ events: 5 })

    assert.equal(admit(sized(1)).kind, 'throttled')
  })

  it('keeps its count through thousands of requests a minute', () => {
    const { admit, clock } = quotaAt({ events: 60_000 })
    for (let n = 0; n < 60_000; n++) {
      assert.deepEqual(admit(sized(1)), ADMITTED)
      clock.at++
    }

    for (let n = 0; n < 60_000; n++) {
      assert.deepEqual(admit(sized(1)), ADMITTED)
      assert.equal(admit(sized(1)).kind, 'throttled')
      clock.at++
    }
  })
})

describe('a stand-in with a quota', () => {
  const GOOD = aRecord()
  const RATE_EXCEEDED =
    'Project exceeded rate limits. Please retry the request with exponential backoff.'

  it('answers 429 above it, imports nothing, and takes the same again when the window is over', async (t) => {
    const clock = { at: NOW }
    const mixpanel = await startMixpanel(t, { now: () => clock.at, quota: { events: 2 } })
    const statuses = async (...sizes: readonly number[]) => {
      const seen = []
      for (const size of sizes) {
        seen.push((await postImport(mixpanel.url, Array(size).fill(GOOD))).status)
      }
      return seen
    }

    assert.deepEqual(await statuses(2, 1), [200, 429])
    assert.equal(mixpanel.rows().length, 2)
    clock.at += 60_000
    assert.deepEqual(await statuses(1), [200])
  })

  it('counts what it refuses as well, but not bad credentials', async (t) => {
    const mixpanel = await startMixpanel(t, { quota: { events: 1 } })
    const headers = { authorization: undefined }

    assert.equal((await postImport(mixpanel.url, [GOOD], { headers })).status, 401)
    assert.equal((await postImport(mixpanel.url, [aRecord({ time: 0 })])).status, 400)
    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 429)
  })

  it('counts the records that it can read of a body that it cannot read whole', async (t) => {
    const mixpanel = await startMixpanel(t, { quota: { events: 1 } })

    assert.equal((await postImport(mixpanel.url, `[${JSON.stringify(GOOD)},`)).status, 400)
    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 429)
  })

  it('is measured by uncompressed bytes too', async (t) => {
    const mixpanel = await startMixpanel(t, { quota: { events: 9, bytes: 10 } })

    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 429)
  })

  it('takes another limit while it runs, or none', async (t) => {
    const mixpanel = await startMixpanel(t, { quota: { events: 0 } })
    const status = async () => (await postImport(mixpanel.url, [GOOD])).status

    assert.equal(await status(), 429)
    mixpanel.limitTo({ events: 1 })
    assert.equal(await status(), 200)
    assert.equal(await status(), 429)
    mixpanel.limitTo(undefined)
    assert.equal(await status(), 200)
  })

  for (const { throttleForm, status, body } of [
    {
      throttleForm: 'documented',
      status: 429,
      body: { code: 429, error: RATE_EXCEEDED, status: 'Too Many Requests' },
    },
    { throttleForm: 'legacy', status: 429, body: { error: RATE_EXCEEDED, status: 0 } },
    { throttleForm: 'gateway_504', status: 504, body: 'Too many requests' },
  ] as const) {
    it(`says so in the form ${throttleForm}`, async (t) => {
      const mixpanel = await startMixpanel(t, { quota: { events: 0 }, switches: { throttleForm } })

      assert.deepEqual(await postImport(mixpanel.url, [GOOD]), { status, body })
    })
  }

  for (const { retryAfter, expected } of [
    { retryAfter: 'none', expected: null },
    { retryAfter: 'seconds', expected: '45' },
    { retryAfter: 'date', expected: 'Thu, 01 Jan 2026 00:01:01 GMT' },
  ] as const) {
    it(`says ${expected ?? 'nothing'} of when to come again with retryAfter ${retryAfter}`, async (t) => {
      const clock = { at: NOW }
      const now = () => clock.at
      const mixpanel = await startMixpanel(t, {
        now,
        quota: { events: 1, windowMs: 60_200 },
        switches: { retryAfter },
      })
      await postImport(mixpanel.url, [GOOD])
      clock.at += 15_900

      const answer = await fetch(`${mixpanel.url}/import`, {
        method: 'POST',
        headers: {
          authorization: 'Basic local-project-token:',
          'content-type': 'application/json',
        },
        body: JSON.stringify([GOOD]),
      })

      assert.equal(answer.status, 429)
      assert.equal(answer.headers.get('retry-after'), expected)
    })
  }
})

function quotaAt(limit?: QuotaLimit) {
  const clock = { at: NOW }
  const quota = createQuota(() => clock.at)
  quota.set(limit)
  return { quota, admit: quota.admit, clock }
}

function sized(events: number) {
  return { events, bytes: events * 100 }
}

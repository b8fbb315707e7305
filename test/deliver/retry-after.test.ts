import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryAfterMs } from '../../src/deliver/retry-after.ts'

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0)

describe('retryAfterMs', () => {
  const readable = [
    { name: 'seconds', header: '120', ms: 120_000 },
    { name: 'no seconds', header: '0', ms: 0 },
    { name: 'seconds among spaces', header: ' 7 ', ms: 7_000 },
    { name: 'a date', header: 'Thu, 01 Jan 2026 12:00:30 GMT', ms: 30_000 },
    { name: 'a date of the obsolete form', header: 'Thursday, 01-Jan-26 12:00:30 GMT', ms: 30_000 },
    { name: 'a date that has passed', header: 'Thu, 01 Jan 2026 11:00:00 GMT', ms: 0 },
  ]
  for (const { name, header, ms } of readable) {
    it(`reads ${name}`, () => {
      assert.equal(retryAfterMs(header, NOW), ms)
    })
  }

  const unreadable = [undefined, '', 'soon', 'Soon', '-5', '1.5', '1e3', '2026-01-01T12:00:30Z']
  for (const header of unreadable) {
    it(`reads nothing in ${JSON.stringify(header) ?? 'a header that is not there'}`, () => {
      assert.equal(retryAfterMs(header, NOW), undefined)
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadTransform } from '../../src/transform/load-transform.ts'
import { aMessage } from '../helpers/builders.ts'

const transform = await loadTransform(
  new URL('../../examples/transform.mjs', import.meta.url).pathname,
)

describe('examples/transform.mjs', () => {
  it('renames the user id and leaves out who the user is', () => {
    const event = mapped({
      event: 'signed_up',
      properties: { user_id: 'u-1', email: 'eve@example.com', full_name: 'Eve', plan: 'pro' },
    })

    assert.deepEqual(event, [
      {
        event: 'signed_up',
        properties: { plan: 'pro', distinct_id: 'u-1', ip: 0, source: 'web' },
      },
    ])
  })

  it('keeps an event of nobody out of the profiles', () => {
    const event = mapped({ event: 'visited', properties: {} })

    assert.partialDeepStrictEqual(event, [{ properties: { distinct_id: '' } }])
  })

  it('drops health checks, and messages that have attributes only', () => {
    const dropped = { kind: 'dropped', rule: 'transform' }

    assert.deepEqual(mapped({ event: 'health_check', properties: {} }), dropped)
    assert.deepEqual(mapped(undefined), dropped)
  })

  it('rejects what is no event', () => {
    assert.partialDeepStrictEqual(mapped({ event: 'a' }), { reason: 'transform_failed' })
  })
})

function mapped(input: unknown) {
  const message = aMessage({ attributes: { source: 'web' } })
  const step = transform(input, { number: 1, text: '' }, message)
  return 'kind' in step ? step : step.map(({ value }) => value)
}

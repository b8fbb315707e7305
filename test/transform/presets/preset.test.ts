import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { definePreset } from '../../../src/transform/presets/preset.ts'

describe('a preset with options', () => {
  const definition = definePreset<{ suffix: string }>(
    {
      type: 'object',
      additionalProperties: false,
      required: ['suffix'],
      properties: { suffix: { type: 'string', description: 'the end of a text' } },
    },
    ({ suffix }) =>
      () => ({ kind: 'dropped', what: `all ${suffix}` }),
  )

  it('is made with options that fit its schema', () => {
    const created = definition.create({ suffix: 'x' })

    assert.equal(created.kind, 'preset')
    const result = created.preset({}, { messageId: '1', subscription: '', attributes: {}, line: 1 })
    assert.deepEqual(result, { kind: 'dropped', what: 'all x' })
  })

  it('is not made with options that do not fit, and tells all mistakes', () => {
    const created = definition.create({ sufix: 'x' })

    assert.equal(created.kind, 'faulty')
    assert.deepEqual(
      created.errors.map(({ keyword }) => keyword),
      ['required', 'additionalProperties'],
    )
  })
})

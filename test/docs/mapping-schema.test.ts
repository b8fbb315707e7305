import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import published from '../../docs/mapping.schema.json' with { type: 'json' }
import { MAPPING_SCHEMA } from '../../src/transform/mapping/reading/mapping-schema.ts'
import { PRESETS } from '../../src/transform/presets/registry.ts'

describe('docs/mapping.schema.json', () => {
  it('is the schema of the code: node tools/mapping-schema.ts writes it', () => {
    assert.deepEqual(published, MAPPING_SCHEMA)
  })

  it('compiles without a warning', () => {
    const said: string[] = []
    const say = (text: string) => said.push(text)

    new Ajv({ logger: { log: say, warn: say, error: say } }).compile(published)

    assert.deepEqual(said, [])
  })

  it('names the presets of the service for the completion of editors', () => {
    const { examples } = MAPPING_SCHEMA.definitions.presetName

    assert.deepEqual(examples, [...PRESETS.keys()])
  })

  it('describes or names every key that an editor completes', () => {
    const { definitions, properties } = MAPPING_SCHEMA
    const described = new Map<string, object>(Object.entries(definitions))
    for (const [key, schema] of Object.entries<Readonly<Record<string, unknown>>>(properties)) {
      const named = described.get(String(schema.$ref).replace('#/definitions/', '')) ?? schema
      assert.ok('description' in named, key)
    }
  })
})

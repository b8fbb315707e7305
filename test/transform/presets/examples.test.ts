import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createPrepare } from '../../../src/prepare/prepare.ts'
import { messageOf } from '../../../src/receive/message-of.ts'
import { type LoadedMapping, loadMapping } from '../../../src/transform/mapping/load-mapping.ts'
import type { Case } from '../../../src/transform/mapping/mapping-file.ts'
import { PRESETS } from '../../../src/transform/presets/registry.ts'
import { asPublished } from '../../../src/transform/transform.ts'
import { base64 } from '../../helpers/builders.ts'

const FOLDER = fileURLToPath(new URL('../../../examples/mappings/', import.meta.url))

describe('the example mappings', () => {
  it('have one for each preset', () => {
    const files = readdirSync(FOLDER)

    assert.deepEqual(
      [...PRESETS.keys()].filter((name) => !files.includes(`${name}.yaml`)),
      [],
    )
  })

  for (const name of PRESETS.keys()) {
    it(`map the cases of ${name}.yaml as they expect, and reach each rule`, async () => {
      const loaded = await loadMapping(`${FOLDER}${name}.yaml`, {
        env: {},
        keys: 'fixed',
        loadModule: async () => asPublished,
      })
      const { cases = [] } = loaded.file
      const reached = new Set<string>()

      for (const one of cases) {
        assert.deepEqual(endOf(loaded, one, reached), expectedOf(one), one.name)
      }

      assert.ok(cases.length >= 2)
      assert.deepEqual(
        loaded.mapping.rules.filter((rule) => !reached.has(rule)),
        [],
      )
    })
  }
})

/** The events that are sent for a case, or the detail of its rejection. */
function endOf(
  { mapping }: LoadedMapping,
  { input, message }: Case,
  reached: Set<string>,
): unknown {
  const text = input === undefined ? '' : JSON.stringify(input)
  const pushed = messageOf({ message: { messageId: '1', ...message, data: base64(text) } })
  const { result, steps } = mapping.explain(input, { number: 1, text }, pushed)
  for (const { kind, name } of steps) if (kind === 'matched') reached.add(name)
  if ('kind' in result) return result.kind === 'dropped' ? [] : result.detail
  return result.map(createPrepare({ insertId: 'message' })(pushed)).map((end) => {
    return end.kind === 'prepared' ? JSON.parse(end.text) : end
  })
}

function expectedOf({ expect }: Case): unknown {
  return 'reject' in expect ? expect.reject : expect
}

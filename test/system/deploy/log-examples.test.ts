import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from '@cdktf/hcl2json'
import { blocksIn, textOf } from '../../docs/markdown.ts'
import { passes } from './log-filter.ts'

const OF_THE_SERVICE = `\${local.logs} AND `
const EXAMPLES = blocksIn(textOf('docs/operate.md'), 'ndjson')
  .flatMap((block) => block.trim().split('\n'))
  .map((line) => ({ jsonPayload: JSON.parse(line) }))

/** Every filter of log lines in the alerts, without the part that names the service. */
const FILTERS = stringsIn(await parse('alerts.tf', textOf('deploy/monitoring/alerts.tf')))
  .filter((text) => text.startsWith(OF_THE_SERVICE))
  .map((text) => text.slice(OF_THE_SERVICE.length))

describe('a filter of log lines in deploy/monitoring/alerts.tf', () => {
  for (const filter of FILTERS) {
    it(`matches a line of docs/operate.md, and not every line: ${filter}`, () => {
      const matched = EXAMPLES.filter((entry) => passes(filter, entry))

      assert.ok(matched.length > 0)
      assert.ok(matched.length < EXAMPLES.length / 2)
    })
  }

  it('is there for the states, the dead letters and the books', () => {
    assert.ok(FILTERS.length >= 3)
  })
})

function stringsIn(tree: unknown): readonly string[] {
  if (typeof tree === 'string') return [tree]
  return typeof tree === 'object' && tree !== null ? Object.values(tree).flatMap(stringsIn) : []
}

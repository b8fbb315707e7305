import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { faultsIn } from '../helpers/log-lines.ts'
import { blocksIn, sectionOf, textOf } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SCHEMA = JSON.parse(textOf('docs/logs.schema.json'))
const EVENTS: readonly string[] = SCHEMA.properties.event.enum
const EXAMPLES = blocksIn(sectionOf(textOf('docs/operate.md'), '## Logs'), 'ndjson').flatMap(
  (block) => block.trim().split('\n'),
)
const NAMED = /\bevent: '(\w+)'/g

describe('docs/logs.schema.json', () => {
  it('knows each event that the service writes, and no other', () => {
    const sources = globSync('src/{cli,http,telemetry}/*.ts', { cwd: ROOT })
    const written = sources.flatMap((path) =>
      [...textOf(path).matchAll(NAMED)].map(([, event = '']) => event),
    )

    assert.deepEqual([...new Set(written)].sort(), EVENTS.toSorted())
  })

  it('refuses a line with a field or an event that it does not know', () => {
    const [line = ''] = EXAMPLES
    const fields = JSON.parse(line)

    for (const wrong of [
      { ...fields, payload: 'x' },
      { ...fields, event: 'pushed' },
      { ...fields, message: '' },
      { ...fields, httpRequest: { ...fields.httpRequest, requestUrl: '/push?token=x' } },
    ]) {
      assert.notDeepEqual(faultsIn(JSON.stringify(wrong)), [])
    }
  })

  it('describes each field', () => {
    const fields = Object.entries<Record<string, { properties?: object }>>(SCHEMA.$defs).flatMap(
      ([kind, { properties = {} }]) =>
        Object.entries(properties).map(([name, field]) => ({ kind, name, field })),
    )

    const bare = fields.filter(
      ({ field }) =>
        typeof field === 'object' &&
        !/"(description|\$ref|const|enum)"/.test(JSON.stringify(field)),
    )
    assert.deepEqual(bare, [])
    assert.ok(fields.length > 100)
  })
})

describe('docs/operate.md', () => {
  it('has a log line of each kind', () => {
    const shown = new Set(EXAMPLES.map((line) => JSON.parse(line).event))

    assert.deepEqual([...shown].sort(), EVENTS.toSorted())
  })

  for (const line of EXAMPLES) {
    it(`has a good line: ${line.slice(0, 90)}`, () => {
      assert.deepEqual(faultsIn(line), [])
    })
  }
})

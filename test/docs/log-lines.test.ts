import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import packageJson from '../../package.json' with { type: 'json' }
import { faultsIn } from '../helpers/log-lines.ts'
import { blocksIn, sectionOf, textOf } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SCHEMA = JSON.parse(textOf('docs/logs.schema.json'))
const EVENTS: readonly string[] = SCHEMA.properties.event.enum
const EXAMPLES = blocksIn(sectionOf(textOf('docs/operate.md'), '## Logs'), 'ndjson').flatMap(
  (block) => block.trim().split('\n'),
)
const NAMED = /\bevent: '(\w+)'/g
/** A text in a source, with its kind of quotes. */
const LITERAL = /(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g
/** The least letters of a text that tell it from others. */
const LEAST_LETTERS = 4

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

  it('has lines with the texts that the service writes', () => {
    const written = patternsIn(globSync('src/**/*.ts', { cwd: ROOT }).map(textOf))
    // The HTTP framework writes these itself.
    const ours = EXAMPLES.map((line) => JSON.parse(line)).filter(({ event }) => event !== 'http')

    const strange = ours.filter(({ message }) => !written.some((text) => text.test(message)))
    assert.deepEqual(strange, [])
  })

  it('has lines of the version of package.json', () => {
    const versions = EXAMPLES.flatMap((line) => {
      const { event, version, serviceContext } = JSON.parse(line)
      return [event === 'started' ? version : undefined, serviceContext?.version].flat()
    })

    const numbers = versions.filter((version) => /^\d/.test(version ?? ''))
    assert.deepEqual([...new Set(numbers)], [packageJson.version])
  })

  for (const line of EXAMPLES) {
    it(`has a good line: ${line.slice(0, 90)}`, () => {
      assert.deepEqual(faultsIn(line), [])
    })
  }
})

/** A pattern for each text of sources. Anything may stand in the place of an expression. */
function patternsIn(sources: readonly string[]): readonly RegExp[] {
  const joined = sources.map((source) => source.replaceAll(/(['"`])\s*\+\s*(['"`])/g, joinedAt))
  const texts = joined.flatMap((source) => [...source.matchAll(LITERAL)].map(([, , text]) => text))
  return [...new Set(texts)].flatMap((text = '') => {
    const parts = text.replaceAll(/\\(.)/g, '$1').split(/\$\{[^}]*\}/)
    if (parts.join('').replaceAll(/[^a-z]/gi, '').length < LEAST_LETTERS) return []
    return [new RegExp(`^${parts.map((part) => part.replaceAll(/[^\w ]/g, '\\$&')).join('.+')}$`)]
  })
}

/** Joins two texts. A text in backticks has no quote of the others inside. */
function joinedAt(whole: string, end: string, start: string): string {
  return end === start ? '' : whole
}

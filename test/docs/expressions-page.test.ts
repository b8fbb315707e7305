import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FUNCTIONS } from '../../src/transform/mapping/expressions/functions/functions.ts'
import { MACROS } from '../../src/transform/mapping/expressions/macros.ts'
import { writeJson } from '../../src/transform/mapping/expressions/values.ts'
import { celValue, scopeOf, templateValue } from '../transform/mapping/expressions/expressing.ts'
import { blocksIn, textOf } from './markdown.ts'

const PAGE = textOf('docs/expressions.md')
const [EVENT = ''] = blocksIn(PAGE, 'json')
/** A row of a table that gives an expression or a template, and its result. */
const ROW = /^\| `(?<source>.*?)` +\| (?:`(?<value>[^`]*)`|an error) +\|$/gm

const scope = scopeOf(EVENT)

/** The rows with their results; no result for an error. */
const rows = [...PAGE.matchAll(ROW)].map(({ groups }) => ({
  source: groups?.source?.replaceAll('\\|', '|') ?? '',
  value: groups?.value,
}))

describe('docs/expressions.md', () => {
  for (const { source, value } of rows) {
    it(`is true of ${source}`, () => {
      const read = () =>
        source.includes('${') ? templateValue(source, scope) : celValue(source, scope)

      if (value === undefined) assert.throws(read, { name: 'ExpressionError' })
      else assert.equal(writeJson(read()), withoutSpaces(value))
    })
  }

  it('has an example of each function and each loop', () => {
    const examples = rows.map(({ source }) => source).join('\n')

    const missing = [...FUNCTIONS.keys(), ...Object.keys(MACROS), 'has', 'cel.bind'].filter(
      (name) => !examples.includes(`${name}(`),
    )

    assert.deepEqual(missing, [])
    assert.ok(rows.length > 100)
  })
})

/** JSON as JSON.stringify writes it. The digits of its numbers stay. */
function withoutSpaces(json: string): string {
  return json.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')
}

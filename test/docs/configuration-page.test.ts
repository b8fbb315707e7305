import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SECRETS, VARIABLE_NAMES, VARIABLES } from '../../src/config/schema.ts'
import { withVariables } from '../../tools/configuration-page.ts'
import { spansIn, tableOf, textOf } from './markdown.ts'

const PAGE = textOf('docs/configuration.md')
const MENDED_BY =
  'run `sh tools/node.sh tools/configuration-page.ts`, which makes the table from the schema'

describe('docs/configuration.md', () => {
  it('has the table that the schema of the configuration makes', () => {
    assert.equal(PAGE, withVariables(PAGE), MENDED_BY)
  })

  it('describes each variable, and marks the secrets', () => {
    const rows = tableOf(PAGE, 'variable', 'values', 'default', 'meaning')

    assert.deepEqual(
      rows.map(({ variable, meaning }) => [spansIn(variable)[0], meaning]),
      VARIABLE_NAMES.map((name) => [
        name,
        `${SECRETS.includes(name) ? '**Secret.** ' : ''}${VARIABLES[name].description}`,
      ]),
    )
  })

  it('keeps the text around its table when the table changes', () => {
    const changed = PAGE.replace('| `PORT` ', '| `PROT` ').replace('# Configuration', '# Other')

    assert.equal(withVariables(changed), PAGE.replace('# Configuration', '# Other'))
  })

  it('does not lose a mark of its table', () => {
    assert.throws(() => withVariables('# Configuration'), /lost a mark/)
  })
})

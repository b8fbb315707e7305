import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WARNINGS } from '../../src/cli/check/finding.ts'
import { check } from '../../src/cli/check.ts'
import { createFakeIo } from '../helpers/fake-io.ts'
import { blocksIn, sectionOf, spansIn, tableOf, textOf } from './markdown.ts'

const SECTION = sectionOf(textOf('docs/cli.md'), '## check')

describe('the page about check', () => {
  it('prints what check prints about its example', async () => {
    const [events = ''] = blocksIn(SECTION, 'json')
    const [printed = ''] = blocksIn(SECTION, 'console')
    const io = createFakeIo({ stdin: events })

    const code = await check.run(['-'], io)

    assert.equal(code, 1)
    const shown = printed.replace(/^\$ .*\n/, '').replaceAll('events.ndjson:', 'stdin:')
    assert.equal(io.out(), shown)
  })

  it('has every kind of finding', () => {
    const rows = tableOf(SECTION, 'finding', 'meaning', 'exit code')

    const kinds = rows.flatMap(({ finding }) => spansIn(finding))
    assert.deepEqual(kinds, ['rejected', 'not_json', 'dropped', 'changed', ...WARNINGS])
  })
})

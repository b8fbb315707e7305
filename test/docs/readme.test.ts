import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VARIABLE_NAMES } from '../../src/config/schema.ts'
import { createPrepare } from '../../src/prepare/prepare.ts'
import { readAll } from '../decode/read-all.ts'
import { aMessage } from '../helpers/builders.ts'
import { blocksIn, sectionOf, spansIn, tableOf, textOf } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const README = textOf('README.md')
const PAGES = globSync('docs/*.md', { cwd: ROOT })

describe('README.md', () => {
  it('has 250 lines at most', () => {
    const lines = README.trimEnd().split('\n').length

    assert.ok(lines <= 250, `${lines} lines`)
  })

  it('leads to each page', () => {
    const missing = PAGES.filter((path) => !README.includes(`](${path})`))

    assert.deepEqual(missing, [])
    assert.ok(PAGES.length > 0)
  })

  it('names only variables that there are', () => {
    const rows = tableOf(README, 'variable', 'meaning')

    const names = rows.flatMap(({ variable }) => spansIn(variable))

    assert.deepEqual(
      names.filter((name) => !VARIABLE_NAMES.some((known) => known === name)),
      [],
    )
    assert.equal(names.length, 10)
  })

  it('names only codes that the page of statuses has', () => {
    const rows = tableOf(README, 'symptom', 'what to do')
    const codes = rows.flatMap(({ symptom = '' }) => symptom.match(/[A-Z]{3,}(?:_[A-Z]+)+/g) ?? [])

    const statuses = spansIn(textOf('docs/statuses.md'))

    assert.deepEqual(
      codes.filter((code) => !statuses.includes(code)),
      [],
    )
    assert.ok(codes.length > 3)
  })

  it('shows what becomes of its example events', () => {
    const [given = '', sent = ''] = blocksIn(sectionOf(README, '## Put your events in'), 'json')

    const message = aMessage({ publishedAt: Date.parse('2026-11-24T09:00:00Z') })
    const prepare = createPrepare({ insertId: 'message' })(message)
    const prepared = readAll(Buffer.from(given)).map(({ line, parsed }) => {
      const value = parsed.kind === 'json' ? parsed.value : undefined
      return prepare({ line, child: 0, text: line.text, value })
    })

    assert.ok(README.includes(`\`${message.messageId}\``))
    const texts = prepared.map((event) => (event.kind === 'prepared' ? event.text : event.detail))
    assert.deepEqual(texts, sent.trim().split('\n'))
  })

  it('shows an example of a mapping as it is', () => {
    const [shown = 'nothing'] = blocksIn(README, 'yaml')

    assert.ok(textOf('examples/mappings/plain-events.yaml').includes(shown))
  })
})

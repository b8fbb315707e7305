import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { sectionOf, tableOf, textOf } from './markdown.ts'

const THREATS = sectionOf(textOf('SECURITY.md'), '## Threats')
const SUBJECTS = [...THREATS.matchAll(/^### .*$/gm)].map(([heading]) => heading)

describe('SECURITY.md', () => {
  it('has threats of each kind', () => {
    for (const kind of [
      'push',
      'stolen',
      'stripped',
      'bombs',
      'amplification',
      'requests',
      'supply',
    ]) {
      assert.match(SUBJECTS.join('\n').toLowerCase(), new RegExp(`\\b${kind}`))
    }
  })

  for (const heading of SUBJECTS) {
    it(`names for each line a test that exists: ${heading.slice(4)}`, () => {
      const rows = tableOf(sectionOf(`\n${THREATS}`, heading), 'threat', 'what holds', 'test')

      assert.ok(rows.length > 0)
      for (const { threat, 'what holds': holds, test = '' } of rows) {
        assert.ok(threat && holds, test)
        const [, name = '', path = ''] = /^\[([^\]]+)\]\((test\/[^)]+\.ts)\)$/.exec(test) ?? []
        assert.ok(
          existsSync(new URL(`../../${path}`, import.meta.url)) && path,
          `${threat} ${test}`,
        )
        assert.ok(isNameIn(textOf(path), name), `${path} has no test ${name}`)
      }
    })
  }
})

/** Whether a literal of a test begins with that name; the rest of it may be filled in. */
function isNameIn(file: string, name: string): boolean {
  return name !== '' && ["'", '`'].some((quote) => file.includes(`${quote}${name}`))
}

import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createRunCase } from '../../src/cli/test/run-case.ts'
import { judge } from '../../src/cli/test/tested.ts'
import { loadEventSettings } from '../../src/config/settings.ts'
import { RULE_EFFECTS } from '../../src/model/rule-effect.ts'
import { compileMapping } from '../../src/transform/mapping/compile-mapping.ts'
import { loadMapping } from '../../src/transform/mapping/load-mapping.ts'
import { readMapping } from '../../src/transform/mapping/reading/read-mapping.ts'
import { aMessage } from '../helpers/builders.ts'
import { blocksIn, sectionOf, spansIn, tableOf, textOf } from './markdown.ts'

const PAGE = textOf('docs/mapping.md')
const EXAMPLES = globSync('examples/mappings/*', { cwd: new URL('../../', import.meta.url) })
const [FIRST = ''] = blocksIn(PAGE, 'yaml')

describe('the examples of mapping files', () => {
  for (const path of EXAMPLES) {
    it(`end as the cases of ${path} say, and every rule has a case`, async () => {
      const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
      const { mapping, file: content, privacy } = await loadMapping(file, LOADING)
      const runCase = createRunCase(mapping, loadEventSettings({}))
      const reached = new Set<string>()

      for (const one of content.cases ?? []) {
        const hashesOf = privacy?.hashesOf ?? (() => [])
        const tested = judge(one, await runCase(one), { line: 0, file: content, hashesOf })
        for (const { name, kind } of tested.steps) if (kind !== 'not_matched') reached.add(name)
        assert.deepEqual([one.name, tested.difference], [one.name, undefined])
      }

      assert.deepEqual(
        mapping.rules.filter((name) => !reached.has(name)),
        [],
      )
    })
  }
})

describe('the page of mapping files', () => {
  it('shows the rules of each example as its file has them', () => {
    const part = sectionOf(PAGE, '## Six examples')
    const named = [...part.matchAll(/\(\.\.\/(examples\/mappings\/.*?\.yaml)\)/g)].map(
      ([, path = '']) => path,
    )

    assert.equal(named.length, 6)
    for (const [at, block] of blocksIn(part, 'yaml').entries()) {
      assert.ok(textOf(named[at] ?? '').includes(block), named[at])
    }
  })

  it('has no file with a mistake', async () => {
    const files = blocksIn(PAGE, 'yaml').filter((block) => block.startsWith('version: 1'))

    assert.ok(files.length > 3)
    for (const text of files) {
      const read = readMapping(text)
      assert.equal(read.kind, 'read', text)
      assert.ok('rules' in (await compileMapping(read.file, { placeOf: () => '' })))
    }
  })

  it('says what becomes of the event of its first file', async () => {
    const [, given = '', sentence = ''] =
      /^`(\{"type"[^`]*\})` becomes (.*?)\.\s/ms.exec(PAGE) ?? []
    const read = readMapping(FIRST)
    assert.equal(read.kind, 'read')
    const mapping = await compileMapping(read.file, { placeOf: () => '' })
    assert.ok('transform' in mapping)
    const message = aMessage({ attributes: { source: 'web' } })

    const made = mapping.transform(JSON.parse(given), { number: 1, text: given }, message)

    assert.partialDeepStrictEqual(made, [
      {
        value: {
          event: 'Signed Up',
          properties: { distinct_id: 'u-1', time: 1795510798, plan: 'pro', source: 'web' },
        },
      },
    ])
    assert.deepEqual(spansIn(sentence), ['Signed Up', 'distinct_id', 'time', 'plan', 'source'])
  })

  it('has every effect that is counted', () => {
    const told = tableOf(PAGE, 'effect', 'counted when').flatMap(({ effect }) => spansIn(effect))

    assert.deepEqual(told.toSorted(), [...RULE_EFFECTS].toSorted())
  })
})

const LOADING = {
  env: {},
  keys: 'fixed',
  loadModule: async () => {
    throw new Error('no example has a module')
  },
} as const

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const config = readFileSync(`${root}stryker.config.mjs`, 'utf8')

describe('the configuration of the mutation run', () => {
  it('names only files that exist: a pattern without a file changes nothing, and says nothing', () => {
    const patterns = textsIn(config).filter((text) => /^(src|test)\//.test(text))
    const named = patterns.flatMap(withoutAlternatives)

    assert.ok(named.length > patterns.length)
    assert.deepEqual(
      named.filter((path) => globSync(path, { cwd: root }).length === 0),
      [],
    )
  })

  it('leaves out only tests that exist: a test that was renamed would run for each mutant', () => {
    const [, slow = ''] = /SLOW_TESTS = \[([^\]]+)\]/.exec(config) ?? []
    const files = globSync(
      [
        'test/{decode,batch,settle,prepare,deliver,dead-letter,message}/*.test.ts',
        'test/transform/{mapping/*,presets}/*.test.ts',
      ],
      { cwd: root },
    )
    const tests = files.map((path) => readFileSync(`${root}${path}`, 'utf8')).join('\n')

    assert.notDeepEqual(textsIn(slow), [])
    assert.deepEqual(
      textsIn(slow).filter((name) => !tests.includes(name)),
      [],
    )
  })
})

function textsIn(code: string): readonly string[] {
  return [...code.matchAll(/^ +'([^']+)',$/gm)].map(([, text = '']) => text)
}

/** Returns a pattern for each alternative in braces, and for each file that `!(…)` leaves out. */
function withoutAlternatives(pattern: string): readonly string[] {
  const [all, list = ''] = /!?[{(]([^{}()]+)[)}]/.exec(pattern) ?? []
  if (all === undefined) return [pattern]
  return list.split(/[,|]/).flatMap((one) => withoutAlternatives(pattern.replace(all, one)))
}

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { loadTransform } from '../../src/transform/load-transform.ts'
import { aMessage } from '../helpers/builders.ts'

const MODULE = 'export default (input) => ({ ...input, event: "mapped" })'

describe('loadTransform', () => {
  for (const [name, source] of [
    ['map.mjs', MODULE],
    ['map.js', MODULE],
    ['common.js', 'module.exports = (input) => ({ ...input, event: "mapped" })'],
    ['with space & 100%.mjs', MODULE],
  ] as const) {
    it(`loads ${name}`, async (t) => {
      const path = await aModule(t, name, source)

      const transform = await loadTransform(path)

      assert.partialDeepStrictEqual(transform({}, { number: 1, text: '{}' }, aMessage()), [
        { value: { event: 'mapped' } },
      ])
    })
  }

  it('takes a relative path from the working folder', async (t) => {
    const path = await aModule(t, 'map.mjs', MODULE)

    await loadTransform(relative(process.cwd(), path))
  })

  for (const [fault, name, source, message] of [
    ['has no default export', 'a.mjs', 'export const map = 1', /must export a function.*nothing/],
    ['exports no function', 'b.mjs', 'export default {}', /must export a function.*type object/],
    ['is no JavaScript', 'c.mjs', 'export default (', /cannot be loaded/],
    ['throws while it loads', 'd.mjs', 'throw new Error("no table")', /cannot be loaded: no table/],
    ['throws anything while it loads', 'e.mjs', 'throw 1', /cannot be loaded/],
    ['is a mapping file', 'f.yaml', 'event: a', /must be a JavaScript module, .js or .mjs/],
  ] as const) {
    it(`says what is wrong with a module that ${fault}`, async (t) => {
      const path = await aModule(t, name, source)

      await assert.rejects(loadTransform(path), (error: Error) => {
        assert.match(error.message, message)
        assert.ok(error.message.includes(path))
        return true
      })
    })
  }

  it('says what is wrong with a path where nothing is', async () => {
    await assert.rejects(loadTransform('./nowhere/map.mjs'), /nowhere\/map\.mjs cannot be loaded/)
  })
})

async function aModule(t: TestContext, name: string, source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'transform-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  await writeFile(path, source)
  return path
}

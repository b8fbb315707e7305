import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { loadTransform } from '../../../src/transform/load-transform.ts'
import { aMessage } from '../../helpers/builders.ts'

const OPTIONS = { env: {}, keys: 'environment' } as const
const MODULE = 'export default (input) => ({ ...input, event: "mapped" })'

describe('loadTransform', () => {
  for (const [name, source] of [
    ['map.mjs', MODULE],
    ['map.js', MODULE],
    ['common.js', 'module.exports = (input) => ({ ...input, event: "mapped" })'],
    ['with space & 100%.mjs', MODULE],
    ['map.ts', 'export default (input: object): object => ({ ...input, event: "mapped" })'],
  ] as const) {
    it(`loads ${name}`, async (t) => {
      const path = await aModule(t, name, source)

      const transform = await loadTransform(path, OPTIONS)

      assert.partialDeepStrictEqual(transform({}, { number: 1, text: '{}' }, aMessage()), [
        { value: { event: 'mapped' } },
      ])
    })
  }

  for (const [name, source] of [
    ['map.yaml', 'version: 1\nrules:\n  - name: all\n    event: mapped\n'],
    ['map.yml', 'version: 1\nrules: [{ name: all, event: mapped }]\n'],
    ['map.json', '{"version":1,"rules":[{"name":"all","event":"mapped"}]}'],
  ] as const) {
    it(`loads the mapping ${name}`, async (t) => {
      const transform = await loadTransform(await aModule(t, name, source), OPTIONS)

      assert.partialDeepStrictEqual(transform({}, { number: 1, text: '{}' }, aMessage()), [
        { value: { event: 'mapped' } },
      ])
    })
  }

  it('loads the module of a mapping, from the folder of the file', async (t) => {
    const path = await aModule(t, 'map.yaml', 'version: 1\nmodule: ./part/map.mjs\n')
    await mkdir(join(dirname(path), 'part'))
    await writeFile(join(dirname(path), 'part', 'map.mjs'), MODULE)

    const transform = await loadTransform(path, OPTIONS)

    assert.partialDeepStrictEqual(transform({}, { number: 1, text: '{}' }, aMessage()), [
      { value: { event: 'mapped' } },
    ])
  })

  it('lets a module tell no text of its errors under a privacy section', async (t) => {
    const source = 'version: 1\nmodule: ./map.mjs\nprivacy: [{ remove: ["**.email"] }]\n'
    const path = await aModule(t, 'map.yaml', source)
    await writeFile(
      join(dirname(path), 'map.mjs'),
      'export default ({ email }) => { throw new Error(`no ${email}`) }',
    )
    const transform = await loadTransform(path, OPTIONS)

    const made = transform({ email: 'a@example.com' }, { number: 1, text: '{}' }, aMessage())

    assert.deepEqual(made, {
      kind: 'rejected',
      reason: 'transform_failed',
      detail: 'map.mjs:1:39: threw an error, whose text is left out under a privacy section',
    })
  })

  it('loads a mapping of a folder that is mounted as a secret', async (t) => {
    const path = await aModule(t, 'real.yaml', 'version: 1\nrules: [{ name: a, drop: true }]\n')
    const folder = dirname(path)
    await mkdir(join(folder, '..2026'))
    await rename(path, join(folder, '..2026', 'map.yaml'))
    await symlink('..2026', join(folder, '..data'))
    await symlink('..data/map.yaml', join(folder, 'map.yaml'))

    const transform = await loadTransform(join(folder, 'map.yaml'), OPTIONS)

    assert.deepEqual(transform({}, { number: 1, text: '{}' }, aMessage()), {
      kind: 'dropped',
      rule: 'a',
    })
  })

  it('names all mistakes of a mapping with their places', async (t) => {
    const source = "version: 1\nrules:\n  - name: a\n    when: 'data.'\n    event: '${dat.x}'\n"
    const path = await aModule(t, 'map.yaml', source)

    await assert.rejects(loadTransform(path, OPTIONS), (error: Error) => {
      const places = error.message.split('\n').map((line) => line.replace(/ .*/, ''))
      assert.deepEqual(places, [`${path}:4:17`, `${path}:5:15`])
      return true
    })
  })

  it('needs the keys that a mapping names', async (t) => {
    const source = 'version: 1\nprivacy: [{ hash: ids, key: PRIVACY_KEY }]\n'
    const path = await aModule(t, 'map.yaml', source)

    await assert.rejects(loadTransform(path, OPTIONS), /map\.yaml:2:\d+ .*PRIVACY_KEY/)
    await loadTransform(path, { env: { PRIVACY_KEY: 'a long random key' }, keys: 'environment' })
    await loadTransform(path, { env: {}, keys: 'fixed' })
  })

  it('takes a relative path from the working folder', async (t) => {
    const path = await aModule(t, 'map.mjs', MODULE)

    await loadTransform(relative(process.cwd(), path), OPTIONS)
  })

  for (const [fault, name, source, message] of [
    ['exports nothing', 'a.mjs', 'export {}', /must export a function.*but exports nothing$/],
    [
      'exports its function by name only',
      'a.ts',
      'export const map = (a: object) => a\nexport const other = 1',
      /must export a function.*no default export, only map, other: write `export default`/,
    ],
    ['exports no function', 'b.mjs', 'export default {}', /must export a function.*type object$/],
    [
      'exports its function by name from CommonJS',
      'b.js',
      'exports.map = (input) => input',
      /must export a function.*type object, with map$/,
    ],
    ['exports a class', 'c.mjs', 'export default class Map {}', /exports a class$/],
    ['exports an async function', 'd.mjs', 'export default async (a) => a', /at once$/],
    ['exports a generator', 'e.mjs', 'export default function* (a) { yield a }', /at once$/],
    [
      'exports an async generator',
      'f.mjs',
      'export default async function* (a) { yield a }',
      /at once$/,
    ],
    ['throws while it loads', 'g.mjs', '\nthrow new Error("no table")', /: g.mjs:2:7: no table$/],
    ['throws anything while it loads', 'h.mjs', 'throw 1', /cannot be loaded: it throws/],
    ['is no module', 'i.toml', 'event: a', /must end in .yaml, .yml, .json, .js, .mjs or .ts$/],
    ['needs more than its types stripped', 'j.ts', '\nenum A { B }', /: j.ts:2:1: .*enum/],
    ['imports what is not there', 'k.mjs', 'import "./nowhere.mjs"', /: Cannot find module/],
    [
      'imports what is not exported',
      'l.mjs',
      'import { a } from "./l.mjs"',
      /: l.mjs:1:10: .*export named 'a'/,
    ],
    [
      'parses what it must not',
      'm.mjs',
      'const table = JSON.parse("{")',
      /: m.mjs:1:20: .* in JSON/,
    ],
  ] as const) {
    it(`says what is wrong with a module that ${fault}`, async (t) => {
      const path = await aModule(t, name, source)

      await assert.rejects(loadTransform(path, OPTIONS), (error: Error) => {
        assert.match(error.message, message)
        assert.ok(error.message.includes(path))
        return true
      })
    })
  }

  for (const [name, source] of [
    ['a.mjs', 'const a = 1\nexport default (input) => {\n\treturn { event: input..name }\n}\n'],
    ['a.js', 'const a = 1\nexport default (input) => {\n\treturn { event: input..name }\n}\n'],
    ['a.ts', 'const a = 1\nexport default (input: any) => {\n\treturn { event: input..name }\n}\n'],
    ['a.js', 'const a = 1\nmodule.exports = (input) => {\n\treturn { event: input..name }\n}\n'],
  ] as const) {
    it(`names line and column of a syntax error in ${name}: ${source.slice(12, 26)}`, async (t) => {
      const path = await aModule(t, name, source)

      await assert.rejects(loadTransform(path, OPTIONS), (error: Error) => {
        assert.match(error.message, new RegExp(`cannot be loaded: ${name}:3:24: \\S`))
        return true
      })
    })
  }

  it('names the column of a syntax error behind tabs', async (t) => {
    const source = 'export default (input) => {\n\treturn { a:\t"é", event: input..name }\n}\n'
    for (const name of ['a.mjs', 'a.ts']) {
      const path = await aModule(t, name, source)

      await assert.rejects(loadTransform(path, OPTIONS), new RegExp(`: ${name}:2:32: `))
    }
  })

  it('names a syntax error in a module that the module imports', async (t) => {
    const path = await aModule(t, 'map.mjs', 'import "./part/bad one.mjs"\nexport default 1')
    await mkdir(join(dirname(path), 'part'))
    await writeFile(join(dirname(path), 'part', 'bad one.mjs'), 'export const a = (\n')

    await assert.rejects(
      loadTransform(path, OPTIONS),
      /: part\/bad one.mjs:2:1: Unexpected end of input$/,
    )
  })

  it('runs nothing of a module that it names the syntax error of', async (t) => {
    const path = await aModule(t, 'map.mjs', 'import "./noted.mjs"\nexport default )')
    const noted = join(dirname(path), 'noted')
    const note = `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(noted)}, '')`
    await writeFile(join(dirname(path), 'noted.mjs'), note)

    await assert.rejects(loadTransform(path, OPTIONS), /: map.mjs:2:16: /)

    assert.ok(!existsSync(noted))
  })

  for (const name of ['map.mjs', 'map.yaml']) {
    it(`names the variable and a path where nothing is: ${name}`, async () => {
      await assert.rejects(
        loadTransform(`./nowhere/${name}`, OPTIONS),
        new RegExp(`TRANSFORM \\./nowhere/${name} cannot be loaded: .`),
      )
    })
  }
})

describe('an error of a loaded transform', () => {
  const HELPER = 'export const nameOf = (input) => {\n  return input.user.name\n}\n'
  const SOURCE = `import { nameOf } from './part/name of.mjs'
import { fail } from 'failing'
export default (input) => {
  if (input.kind === 'own') throw new Error('no user: (x:1:2)\\n    at me (file:///etc/passwd:1:1)')
  if (input.kind === 'url') return { event: new URL(input.url) }
  if (input.kind === 'package') return fail(input)
  if (input.kind === 'text') throw 'no user'
  if (input.kind === 'deep') return { toJSON: () => input.none.at }
  if (input.kind === 'cyclic') return Object.assign(input, { input })
  return { event: nameOf(input) }
}
`
  for (const [kind, detail] of [
    ['own', /^map.mjs:4:35: no user: \(x:1:2\)\n/],
    ['url', /^map.mjs:5:45: Invalid URL$/],
    ['package', /^map.mjs:6:40: failed$/],
    ['text', /^no user$/],
    ['deep', /^map.mjs:8:64: Cannot read/],
    ['cyclic', /^Converting circular/],
    ['imported', /^part\/name of.mjs:2:21: Cannot read/],
  ] as const) {
    it(`is rejected with the place in the owner's code: ${kind}`, async (t) => {
      const path = await aModule(t, 'map.mjs', SOURCE)
      const folder = dirname(path)
      await mkdir(join(folder, 'part'))
      await writeFile(join(folder, 'part', 'name of.mjs'), HELPER)
      await mkdir(join(folder, 'node_modules', 'failing'), { recursive: true })
      const failing = 'export const fail = () => { throw new Error("failed") }'
      await writeFile(join(folder, 'node_modules', 'failing', 'index.mjs'), failing)
      const json = '{"name":"failing","exports":"./index.mjs"}'
      await writeFile(join(folder, 'node_modules', 'failing', 'package.json'), json)
      const transform = await loadTransform(path, OPTIONS)

      const outcome = transform({ kind, url: 'u-1' }, { number: 1, text: '{}' }, aMessage())

      assert.ok('kind' in outcome && outcome.kind === 'rejected')
      assert.match(outcome.detail, detail)
    })
  }
})

async function aModule(t: TestContext, name: string, source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'transform-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  await writeFile(path, source)
  return path
}

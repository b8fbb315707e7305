import assert from 'node:assert/strict'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  InvalidMappingError,
  isInvalidMapping,
} from '../../../src/transform/mapping/invalid-mapping.ts'
import {
  keyNamesIn,
  type LoadOptions,
  loadMapping,
} from '../../../src/transform/mapping/load-mapping.ts'
import { asPublished } from '../../../src/transform/transform.ts'
import { aMessage } from '../../helpers/builders.ts'
import { aFolder } from '../../helpers/world.ts'

const ENV = { PRIVACY_KEY: 'a key of some length' }
const LINE = { number: 1, text: '{"event":"a","properties":{"email":"a@example.com"}}' }

describe('a mapping file', () => {
  it('is a transform of its rules and its privacy section', async (t) => {
    const path = await aFile(
      t,
      "version: 1\nrules: [{ name: all, event: 'b' }]\nprivacy: [{ remove: [email] }]",
    )

    const { mapping, privacy } = await load(path)

    const value: unknown = JSON.parse(LINE.text)
    const made = { line: LINE, child: 0, text: '{"event":"b","properties":{"distinct_id":""}}' }
    assert.deepEqual(mapping.rules, ['all'])
    assert.deepEqual(privacy?.steps, ['privacy[0] remove'])
    assert.partialDeepStrictEqual(mapping.transform(value, LINE, aMessage()), [made])
    assert.partialDeepStrictEqual(mapping.explain(value, LINE, aMessage()), {
      result: [made],
      steps: [{ index: 0, name: 'all', kind: 'matched' }],
    })
  })

  it('takes a module in the place of rules, beside it', async (t) => {
    const path = await aFile(t, 'version: 1\nmodule: ./map.mjs\nprivacy: [{ remove: [email] }]')
    const asked: unknown[] = []

    const { mapping } = await load(path, {
      loadModule: async (module, isPrivate) => {
        asked.push([module, isPrivate])
        return asPublished
      },
    })

    const made = mapping.transform(JSON.parse(LINE.text), LINE, aMessage())
    assert.deepEqual(asked, [[join(path, '../map.mjs'), true]])
    assert.deepEqual(mapping.rules, [])
    assert.partialDeepStrictEqual(made, [{ text: '{"event":"a","properties":{}}' }])
    assert.deepEqual(mapping.explain(JSON.parse(LINE.text), LINE, aMessage()), {
      result: made,
      steps: [],
    })
  })

  it('lets the errors of a module be told when nothing is private', async (t) => {
    const path = await aFile(t, 'version: 1\nmodule: ./map.mjs\n')
    const asked: boolean[] = []

    await load(path, {
      loadModule: async (_module, isPrivate) => {
        asked.push(isPrivate)
        return asPublished
      },
    })

    assert.deepEqual(asked, [false])
  })

  it('names the file and the place when it rejects an event', async (t) => {
    const path = await aFile(t, "version: 1\nrules: [{ name: all, event: '${data.name}' }]")

    const { mapping } = await load(path)

    assert.deepEqual(mapping.transform({}, LINE, aMessage()), {
      kind: 'rejected',
      reason: 'transform_failed',
      detail: `${path}:2:29 rules[0].event: data.name is null`,
    })
  })

  it('does not load with mistakes, each on a line with its place', async (t) => {
    const path = await aFile(t, 'version: 1\npreset: segment\notherwise: no\nx: 1\n')

    await assert.rejects(load(path), {
      name: 'InvalidMappingError',
      message: [
        `${path}:3:12 otherwise must be pass, drop or reject`,
        `${path}:4:1 x is unknown; the keys here are version, preset, rules, otherwise, privacy, cases, module`,
      ].join('\n'),
    })
  })

  it('tells the mistakes of all its sections at once, in their order in the file', async (t) => {
    const path = await aFile(
      t,
      [
        'version: 1',
        'privacy:',
        '  - { hash: ids, key: ABSENT }',
        "  - remove: ['a..b']",
        'preset: { name: segment, id_merg: simplified }',
        'rules:',
        '  - name: a',
        "    when: 'dat.x'",
        "    event: '${size(data.x}'",
      ].join('\n'),
    )

    await assert.rejects(load(path), {
      message: [
        '3:23 privacy[0].key: the environment variable ABSENT is not set: it must hold the key',
        '4:15 privacy[1].remove[0]: a path needs a name between, before and after its dots: a..b',
        '5:26 preset.id_merg is unknown; did you mean id_merge?',
        '8:12 rules[0].when: `dat` is not known; did you mean data?',
        '9:26 rules[0].event: `)` is expected here, not `}`',
      ]
        .map((line) => `${path}:${line}`)
        .join('\n'),
    })
  })

  it('tells the mistakes of sound sections beside those of the structure', async (t) => {
    const path = await aFile(
      t,
      [
        'version: 1',
        'privacy:',
        '  - { removee: [x] }',
        "  - remove: ['a..b']",
        '  - { hash: ids, key: ABSENT }',
        '  - mask: { card: 4 }',
        'preset: segmnt',
        'rules:',
        '  - { name: a, when: data.a, evnt: e }',
      ].join('\n'),
    )

    await assert.rejects(load(path), {
      message: [
        '3:7 privacy[0].removee is unknown; did you mean remove?',
        '4:15 privacy[1].remove[0]: a path needs a name between, before and after its dots: a..b',
        '5:23 privacy[2].key: the environment variable ABSENT is not set: it must hold the key',
        '7:9 preset: segmnt is no preset; did you mean segment?',
        '9:30 rules[0].evnt is unknown; did you mean event?',
      ]
        .map((line) => `${path}:${line}`)
        .join('\n'),
    })
  })

  it('does not load with a mistake in its privacy section alone', async (t) => {
    for (const [step, text] of [
      ["{ remove: ['a..b'] }", 'a path needs a name between, before and after its dots: a..b'],
      [
        '{ hash: ids, key: ABSENT }',
        'the environment variable ABSENT is not set: it must hold the key',
      ],
    ]) {
      const path = await aFile(t, `version: 1\npreset: segment\nprivacy: [${step}]\n`)

      await assert.rejects(load(path), (error: Error) => error.message.endsWith(`: ${text}`))
    }
  })

  for (const [content, text] of [
    ['preset: 5\n', '1:1 version is missing; write version: 1'],
    ['!tag\n', '1:1 the file: YAML takes !tag for a tag; put the expression in single quotes'],
  ]) {
    it(`does not load when all of it is ${JSON.stringify(content)}`, async (t) => {
      const path = await aFile(t, content ?? '')

      await assert.rejects(load(path), (error: Error) =>
        error.message.startsWith(`${path}:${text}`),
      )
    })
  }

  it('tells a hundred mistakes, and how many more there are', async (t) => {
    const rules = Array.from(
      { length: 60 },
      (_, at) => `  - { name: n${at}, when: 'dta == ${at}', evnt: e }`,
    )
    const path = await aFile(t, ['version: 1', 'rules:', ...rules].join('\n'))

    await assert.rejects(load(path), (error: Error) => {
      const lines = error.message.split('\n')
      assert.ok(isInvalidMapping(error))
      assert.equal(lines.length, 101)
      assert.match(lines[99] ?? '', /:52:\d+ rules\[49\]/)
      assert.equal(lines[100], '…and 20 more')
      return true
    })
  })

  it('is known as invalid by the name of its error alone', () => {
    const named = Object.assign(new Error('from another file'), { name: 'InvalidMappingError' })

    assert.ok(isInvalidMapping(named))
    assert.ok(!isInvalidMapping(new TypeError('a bug')))
    assert.ok(!isInvalidMapping({ name: 'InvalidMappingError' }))
  })

  it('names the variables of its keys, when it can be read', async (t) => {
    const steps = '[{ remove: [email] }, { hash: ids, key: ONE }, { hash: [a], key: OTHER }]'
    const sound = await aFile(t, `version: 1\nprivacy: ${steps}\n`)

    assert.deepEqual(await keyNamesIn(sound), ['ONE', 'OTHER'])
    assert.deepEqual(await keyNamesIn(await aFile(t, 'version: 1\npreset: segment\n')), [])
    assert.deepEqual(await keyNamesIn(await aFile(t, `privacy: ${steps}\n`)), [])
    assert.deepEqual(await keyNamesIn(join(await aFolder(t), 'absent.yaml')), [])
  })

  it('does not load with a module that does not load', async (t) => {
    const path = await aFile(t, 'version: 1\nmodule: ./map.mjs\n')
    const loadModule = async () => {
      throw new Error('it is not there')
    }

    await assert.rejects(load(path, { loadModule }), {
      message: `${path}:2:9 module: it is not there`,
    })
  })

  it('takes a fixed key for one that is not set, where that is asked for', async (t) => {
    const path = await aFile(t, 'version: 1\nprivacy: [{ hash: ids, key: ABSENT }]')

    const { privacy } = await load(path, { keys: 'fixed' })

    assert.deepEqual(privacy?.fixedKeys, ['ABSENT'])
  })

  it('loads from a folder that is mounted as a secret, before and after it changes', async (t) => {
    const folder = await aFolder(t)
    await mount(folder, '..1', 'version: 1\nrules: [{ name: old, drop: true }]\n')
    const path = join(folder, 'mapping.yaml')
    await symlink('..data/mapping.yaml', path)

    assert.deepEqual((await load(path)).mapping.rules, ['old'])

    await mount(folder, '..2', 'version: 1\nrules: [{ name: new, drop: true }]\n')
    assert.deepEqual((await load(path)).mapping.rules, ['new'])
  })

  for (const [what, bytes, text] of [
    [
      'of more than 1 MiB',
      Buffer.alloc(10 * 1024 * 1024, '#'),
      'the file has 10.0 MiB, and may have 1 MiB',
    ],
    ['that is no UTF-8', Buffer.from([0x76, 0xff]), 'the file is not UTF-8'],
    ['in UTF-16', Buffer.from('\uFEFFversion: 1', 'utf16le'), 'the file is not UTF-8'],
  ] as const) {
    it(`does not load ${what}`, async (t) => {
      const path = await aFile(t, bytes)

      await assert.rejects(load(path), new InvalidMappingError(path, [{ line: 1, text }]))
    })
  }

  it('is no folder', async (t) => {
    const path = await aFolder(t)

    await assert.rejects(load(path), {
      message: `${path}:1 this is a folder; name the mapping file in it`,
    })
  })

  it('rejects with the error of the file system when there is none', async (t) => {
    await assert.rejects(load(join(await aFolder(t), 'mapping.yaml')), { code: 'ENOENT' })
  })
})

function load(path: string, options: Partial<LoadOptions> = {}) {
  const loadModule = async () => asPublished
  return loadMapping(path, { env: ENV, keys: 'environment', loadModule, ...options })
}

async function aFile(t: TestContext, content: string | Buffer): Promise<string> {
  const path = join(await aFolder(t), 'mapping.yaml')
  await writeFile(path, content)
  return path
}

/** Mounts a file as Kubernetes does: it renames a link to a folder over the old link. */
async function mount(folder: string, version: string, content: string): Promise<void> {
  await mkdir(join(folder, version))
  await writeFile(join(folder, version, 'mapping.yaml'), content)
  await symlink(version, join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
}

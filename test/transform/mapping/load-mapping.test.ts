import assert from 'node:assert/strict'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { CompiledMapping, Problem } from '../../../src/transform/mapping/compiled-mapping.ts'
import {
  type CompileOptions,
  InvalidMappingError,
  loadMapping,
} from '../../../src/transform/mapping/load-mapping.ts'
import type { MappingFile } from '../../../src/transform/mapping/mapping-file.ts'
import { aFolder } from '../../helpers/world.ts'
import { COMPILERS } from './reading/problems-in.ts'

const GOOD = 'version: 1\nmodule: ./map.mjs\n'
const COMPILED: CompiledMapping = {
  transform: () => [],
  rules: [],
  explain: () => ({ result: [], steps: [] }),
}

describe('a mapping file', () => {
  it('is compiled with the folder of its relative paths', async (t) => {
    const { path, folder } = await aFile(t, GOOD)

    const { mapping, given } = await load(path)

    assert.equal(mapping, COMPILED)
    assert.deepEqual(given?.file, { version: 1, module: './map.mjs' })
    assert.equal(given?.options.folder, folder)
  })

  it('names its places for the errors of events', async (t) => {
    const { path } = await aFile(t, GOOD)

    const { given } = await load(path)

    assert.equal(given?.options.placeOf(['module']), `${path}:2:9 module`)
  })

  it('does not load with mistakes, each on a line with its place', async (t) => {
    const { path } = await aFile(t, 'version: 1\npreset: segment\notherwise: no\nx: 1\n')

    await assert.rejects(load(path), {
      name: 'InvalidMappingError',
      message: [
        `${path}:3:12 otherwise must be pass, drop or reject`,
        `${path}:4:1 x is unknown; the keys here are version, preset, rules, otherwise, privacy, cases, module`,
      ].join('\n'),
    })
  })

  it('does not load with mistakes that are found when it is compiled, in the order of the file', async (t) => {
    const { path } = await aFile(
      t,
      'version: 1\npreset:\n  name: segment\n  id_merg: x\nprivacy: [{ ip: drop }]',
    )
    const problems: Problem[] = [
      { path: ['privacy', 0, 'ip'], text: 'this is bad', offset: 2 },
      { path: ['preset', 'id_merg'], text: 'there is no such option', at: 'key' },
    ]

    await assert.rejects(load(path, problems), {
      message: [
        `${path}:4:3 preset.id_merg: there is no such option`,
        `${path}:5:19 privacy[0].ip: this is bad`,
      ].join('\n'),
    })
  })

  it('loads from a folder that is mounted as a secret, before and after it changes', async (t) => {
    const folder = await aFolder(t)
    await mount(folder, '..1', 'version: 1\npreset: old\n')
    const path = join(folder, 'mapping.yaml')
    await symlink('..data/mapping.yaml', path)

    assert.deepEqual((await load(path)).given?.file, { version: 1, preset: 'old' })

    await mount(folder, '..2', 'version: 1\npreset: new\n')
    assert.deepEqual((await load(path)).given?.file, { version: 1, preset: 'new' })
  })

  for (const [what, bytes, problem] of [
    [
      'of more than 1 MiB',
      Buffer.alloc(10 * 1024 * 1024, '#'),
      ':1 the file has 10.0 MiB, and may have 1 MiB',
    ],
    ['that is no UTF-8', Buffer.from([0x76, 0xff]), ':1 the file is not UTF-8'],
    ['in UTF-16', Buffer.from('\uFEFFversion: 1', 'utf16le'), ':1 the file is not UTF-8'],
  ] as const) {
    it(`does not load ${what}`, async (t) => {
      const { path } = await aFile(t, bytes)

      await assert.rejects(
        load(path),
        new InvalidMappingError(path, [{ line: 1, text: problem.slice(3) }]),
      )
    })
  }

  it('rejects with the error of the file system when there is none', async (t) => {
    await assert.rejects(load(join(await aFolder(t), 'mapping.yaml')), { code: 'ENOENT' })
  })
})

/** Loads a file, and remembers what its compiler was given. */
async function load(path: string, compiled: CompiledMapping | readonly Problem[] = COMPILED) {
  let given: { file: MappingFile; options: CompileOptions } | undefined
  const loaded = await loadMapping(path, {
    ...COMPILERS,
    compile: async (file, options) => {
      given = { file, options }
      return compiled
    },
  })
  return { ...loaded, given }
}

async function aFile(t: Parameters<typeof aFolder>[0], content: string | Buffer) {
  const folder = await aFolder(t)
  const path = join(folder, 'mapping.yaml')
  await writeFile(path, content)
  return { folder, path }
}

/** Mounts a file as Kubernetes does: it renames a link to a folder over the old link. */
async function mount(folder: string, version: string, content: string): Promise<void> {
  await mkdir(join(folder, version))
  await writeFile(join(folder, version, 'mapping.yaml'), content)
  await symlink(version, join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
}

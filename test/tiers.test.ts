import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { importsOf, type Source, sourcesIn, withoutComments } from './helpers/imports.ts'

/** Modules of Node that start processes or threads. */
const STARTING = /^(import|export|\}) .*'node:(child_process|cluster|worker_threads)'/m
/** It starts a process for a transform that has a syntax error only, to find its place. */
const RARELY_STARTING = 'src/transform/load-transform.ts'
/** Figures of the whole process, which hold what its other tests have used. */
const MEASURING = /\b(memoryUsage|resourceUsage|getHeapStatistics)\(/
const IN_PROCESS = /^test\/(?!system\/).*\.test\.ts$/

const sources = ['src/', 'bench/', 'test/', 'tools/'].flatMap((folder) =>
  sourcesIn(folder).map(({ path, text }) => ({ path: `${folder}${path}`, text })),
)

describe('an in-process test', () => {
  it('can start no process: no module that it loads can', () => {
    assert.deepEqual(waysToAProcess(sources), [])
  })

  it('measures no memory, which other tests of its process use as well', () => {
    assert.deepEqual(inProcess(MEASURING), [])
  })

  it('has no hook for the tests of all other files of its process', () => {
    assert.deepEqual(inProcess(/^(before|after)Each\(/m), [])
    assert.ok(inProcess(/./).length > 0)
  })
})

describe('the rule of the tiers', () => {
  const spawner = { path: 'src/a.ts', text: "import { spawn } from 'node:child_process'" }
  const helper = { path: 'test/helpers/b.ts', text: "export * from '../../src/a.ts'" }

  for (const [what, { path, text }, ways] of [
    ['a test that spawns', { ...spawner, path: 'test/c.test.ts' }, ['test/c.test.ts']],
    [
      'a test whose helper loads what spawns',
      { path: 'test/d/c.test.ts', text: "import { x } from '../helpers/b.ts'" },
      ['test/d/c.test.ts -> test/helpers/b.ts -> src/a.ts'],
    ],
    [
      'a test of threads',
      { path: 'test/c.test.ts', text: "import { Worker } from 'node:worker_threads'" },
      ['test/c.test.ts'],
    ],
    ['a system test that spawns', { ...spawner, path: 'test/system/c.test.ts' }, []],
    [
      'a test that needs a type only',
      { path: 'test/c.test.ts', text: "import type { X } from '../src/a.ts'" },
      [],
    ],
  ] as const) {
    it(`finds ${ways.length === 0 ? 'nothing wrong' : 'fault'} with ${what}`, () => {
      assert.deepEqual(waysToAProcess([spawner, helper, { path, text }]), ways)
    })
  }
})

/** The in-process test files that hold a pattern. */
function inProcess(pattern: RegExp): readonly string[] {
  const files = sources.filter(({ path, text }) => IN_PROCESS.test(path) && pattern.test(text))
  return files.map(({ path }) => path)
}

/** The imports, file by file, by which in-process tests reach a module that starts processes. */
function waysToAProcess(all: readonly Source[]): readonly string[] {
  const byPath = new Map(all.map(({ path, text }) => [path, { path, text: loadedOf(text) }]))
  return [...byPath.keys()].filter((path) => IN_PROCESS.test(path)).flatMap(wayFrom)

  function wayFrom(test: string): readonly string[] {
    const ways = new Map([[test, test]])
    for (const [path, way] of ways) {
      const source = byPath.get(path)
      if (!source) continue
      if (path !== RARELY_STARTING && STARTING.test(source.text)) return [way]
      for (const target of importsOf(source)) {
        if (!ways.has(target)) ways.set(target, `${way} -> ${target}`)
      }
    }
    return []
  }
}

/** The text without the imports of types, which load nothing. */
function loadedOf(text: string): string {
  return withoutComments(text).replaceAll(/\b(import|export) type [^']*'[^']*'/g, '')
}

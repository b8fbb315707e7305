import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

/** From the ground up, the rooms of each floor. A file imports from lower floors and its own room. */
const FLOORS: readonly (readonly (readonly string[])[])[] = [
  [['model/']],
  [['lib/'], ['version.ts']],
  [['config/']],
  [
    ['authenticate/'],
    ['receive/'],
    ['decode/'],
    ['transform/'],
    ['prepare/'],
    ['batch/'],
    ['deliver/'],
    ['dead-letter/'],
    ['settle/'],
    ['telemetry/'],
  ],
  [['message/']],
  [['pipeline.ts'], ['http/']],
  [['service/'], ['local/']],
  [['main.ts', 'cli/']],
]

interface Source {
  /** Below `src/`. */
  readonly path: string
  readonly text: string
}

/** The patterns that no file may hold, and the files that are exempt. */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp, allowed: readonly string[]])[] =
  [
    [
      'asks for the time',
      /\b(Date\.now|performance\.now|process\.hrtime|new Date\(\)|set(Timeout|Interval|Immediate)\b|node:timers|node:perf_hooks)/,
      ['lib/clock.ts', 'local/wall-clock.ts'],
    ],
    ['reads the environment', /\bprocess\.env\b/, ['main.ts', 'cli/']],
    ['has a default export', /\bexport default\b|\bas default\b/, []],
    ['asserts a type', /\bas (?!const\b|default\b)/, []],
    ['uses any', /[:<|,(&]\s*any\b|\bany\[\]/, []],
  ]

const root = fileURLToPath(new URL('../src/', import.meta.url))
const sources: readonly Source[] = globSync('**/*.ts', { cwd: root }).map((path) => ({
  path,
  text: readFileSync(`${root}${path}`, 'utf8'),
}))

describe('the house', () => {
  it('has a floor for every file', () => {
    const homeless = sources.filter(({ path }) => placeOf(path) === undefined)

    assert.deepEqual(
      homeless.map(({ path }) => path),
      [],
    )
  })

  it('has no import that goes upward or sideways', () => {
    assert.deepEqual(sources.flatMap(wrongImportsOf), [])
  })

  it('keeps the local world apart from all the rest', () => {
    const local = sources.filter(({ path }) => path.startsWith('local/'))

    const imported = local.flatMap(importsOf)

    assert.deepEqual(
      imported.filter((target) => !target.startsWith('local/')),
      [],
    )
  })

  it('has every folder in the picture of docs/architecture.md', () => {
    const paper = readFileSync(`${root}../docs/architecture.md`, 'utf8')
    const [, picture = ''] = /```\n(.*?)```/s.exec(paper) ?? []

    const places = FLOORS.flat(2).filter((place) => place !== 'version.ts')

    assert.deepEqual(
      places.filter((place) => !picture.includes(place)),
      [],
    )
  })

  for (const [what, pattern, allowed] of FORBIDDEN) {
    it(`has no file that ${what}${allowed.length > 0 ? `, but ${allowed.join(' and ')}` : ''}`, () => {
      const found = sources.filter((source) => breaks(source, pattern, allowed))

      assert.deepEqual(
        found.map(({ path }) => path),
        [],
      )
    })
  }
})

describe('the rules of the house', () => {
  for (const [path, text, wrong] of [
    ['lib/a.ts', "import { x } from '../model/b.ts'", []],
    ['decode/a.ts', "import { x } from './b.ts'", []],
    ['decode/deep/a.ts', "import { x } from '../b.ts'", []],
    ['message/a.ts', "import { x } from './work.ts'", []],
    ['message/a.ts', "import { x } from '../decode/b.ts'", []],
    ['decode/a.ts', "import pino from 'pino'", []],
    ['decode/a.ts', "import { x } from '../batch/b.ts'", ['decode/a.ts -> batch/b.ts']],
    ['decode/a.ts', "import type { X } from '../pipeline.ts'", ['decode/a.ts -> pipeline.ts']],
    ['model/a.ts', "import {\n  x,\n} from '../lib/b.ts'", ['model/a.ts -> lib/b.ts']],
    ['lib/a.ts', "import '../settle/b.ts'", ['lib/a.ts -> settle/b.ts']],
    ['lib/a.ts', "export { x } from '../http/b.ts'", ['lib/a.ts -> http/b.ts']],
    ['lib/a.ts', "await import('../http/b.ts')", ['lib/a.ts -> http/b.ts']],
    ['lib/a.ts', "import { x } from '../config/b.ts'", ['lib/a.ts -> config/b.ts']],
    ['http/a.ts', "import { x } from '../service/b.ts'", ['http/a.ts -> service/b.ts']],
    ['service/a.ts', "import { x } from '../local/b.ts'", ['service/a.ts -> local/b.ts']],
    ['main.ts', "import { x } from '../test/b.ts'", ['main.ts -> ../test/b.ts']],
  ] as const) {
    it(`find ${wrong.length === 0 ? 'nothing' : 'fault'} with ${path}: ${text}`, () => {
      assert.deepEqual(wrongImportsOf({ path, text }), wrong)
    })
  }

  for (const [text, wrong] of [
    ['const now = Date.now()', 'asks for the time'],
    ['const now = performance.now()', 'asks for the time'],
    ['const now = new Date()', 'asks for the time'],
    ['setTimeout(task, 10)', 'asks for the time'],
    ["import { setTimeout } from 'node:timers/promises'", 'asks for the time'],
    ['const { PORT } = process.env', 'reads the environment'],
    ['export default function () {}', 'has a default export'],
    ['export { x as default }', 'has a default export'],
    ['const x = y as X', 'asserts a type'],
    ['const x = y as unknown', 'asserts a type'],
    ['const x: any = y', 'uses any'],
    ['const x: Array<any> = y', 'uses any'],
    ['function f(x: X | any) {}', 'uses any'],
    ['const x = [1] as const', undefined],
    ["import { x as y } from 'node:x'", undefined],
    ["import * as y from 'node:x'", undefined],
    ['export { x as y }', undefined],
    ['const at = new Date(0)', undefined],
    ["// Date.now() as any\nconst x = 'as it is, any'", undefined],
    ['/** as X */\nconst x = `as X`', undefined],
  ] as const) {
    it(`find ${wrong ? `that it ${wrong}` : 'nothing wrong'}: ${text}`, () => {
      const found = FORBIDDEN.filter(([, pattern]) => breaks({ path: 'a.ts', text }, pattern, []))

      assert.deepEqual(
        found.map(([what]) => what),
        wrong ? [wrong] : [],
      )
    })
  }
})

/** The imports of a file that go upward, to another room, or out of the house. */
function wrongImportsOf(source: Source): readonly string[] {
  const from = placeOf(source.path)
  return importsOf(source).flatMap((target) => {
    const to = placeOf(target)
    const goesDown = from && to && to.floor < from.floor
    const staysInside = from && to && to.room === from.room
    return goesDown || staysInside ? [] : [`${source.path} -> ${target}`]
  })
}

/** Relative imports as paths below `src/`; of types too, and what is exported onward. */
function importsOf({ path, text }: Source): readonly string[] {
  const found = withoutComments(text).matchAll(/\b(?:from|import)\b[\s(]*'(\.[^']*\.ts)'/g)
  return [...found].map(([, target = '']) => posix.join(posix.dirname(path), target))
}

/** A folder is a room; so are all files of a floor that lie beside each other. */
function placeOf(path: string): { floor: number; room: readonly string[] } | undefined {
  for (const [floor, rooms] of FLOORS.entries()) {
    const room = rooms.find((names) => names.some((name) => liesIn(name, path)))
    if (room) return { floor, room }
  }
  return undefined
}

function liesIn(name: string, path: string): boolean {
  return name.endsWith('/') ? path.startsWith(name) : posix.matchesGlob(path, name)
}

function breaks({ path, text }: Source, pattern: RegExp, allowed: readonly string[]): boolean {
  return !allowed.some((place) => path.startsWith(place)) && pattern.test(bareCodeOf(text))
}

/** Without comments and texts, and without the clauses in which `as` gives another name. */
function bareCodeOf(text: string): string {
  return withoutComments(text)
    .replaceAll(/\b(import|export)( type)?\s+(\{[^}]*\}|\* as \w+)/g, (clause) =>
      clause.includes('as default') ? clause : '',
    )
    .replaceAll(/'(?!node:)(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g, "''")
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
}

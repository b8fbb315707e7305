import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, it } from 'node:test'
import { cyclesIn, importsOf, type Source, sourcesIn, withoutComments } from './helpers/imports.ts'

/**
 * From the ground up, the rooms of each floor: folders, or files that lie beside each other. A file
 * imports from lower floors and its own room.
 */
type Floors = readonly (readonly (readonly string[])[])[]

const FLOORS: Floors = [
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

/** The world of stand-ins: what they share, the services, and the ways in. */
const LOCAL_FLOORS: Floors = [
  [
    [
      'answer.ts',
      'fault-plan.ts',
      'http-post.ts',
      'loopback-name.ts',
      'loopback-server.ts',
      'push-request.ts',
      'sample-events.ts',
      'waiters.ts',
      'wall-clock.ts',
      'world-time.ts',
    ],
  ],
  [['issuer/'], ['mixpanel/'], ['pubsub/']],
  [['token-issuer.ts'], ['mixpanel-stand-in.ts'], ['pubsub-stand-in.ts'], ['pusher.ts'], ['page/']],
]

/**
 * The runs that measure. They know the service from outside: how to start it, and its letters. The
 * one of the mapping runs the path of a line.
 */
const BENCH_FLOORS: Floors = [
  [['../src/model/'], ['../src/version.ts'], ['../src/local/'], ['../src/cli/']],
  [['expressions/'], ['speed/'], ['survival/'], ['turns/'], ['arguments-or-exit.ts']],
  [
    ['../src/decode/'],
    ['../src/pipeline.ts'],
    ['../src/prepare/'],
    ['../src/telemetry/'],
    ['../src/transform/'],
  ],
  [
    ['bench.ts'],
    ['expressions.ts'],
    ['mapping.ts'],
    ['page.ts'],
    ['survive.ts'],
    ['tracing.ts'],
    ['turns.ts'],
  ],
]

/** The floors of each folder that has any. The local world imports nothing of the rest of `src/`. */
const LAYOUTS: Readonly<Record<string, Floors>> = {
  'src/': FLOORS,
  'src/local/': LOCAL_FLOORS,
  'bench/': BENCH_FLOORS,
}

/** The patterns that no file of `src/` may hold, and the files that are exempt. */
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

const sources = sourcesIn('src/')

describe('the layout', () => {
  for (const [folder, floors] of Object.entries(LAYOUTS)) {
    const files = sourcesIn(folder)

    it(`has a floor for every file of ${folder}`, () => {
      const homeless = files.filter(({ path }) => placeOf(path, floors) === undefined)

      assert.deepEqual(
        homeless.map(({ path }) => path),
        [],
      )
      assert.ok(files.length > 0)
    })

    it(`has no import that goes upward or sideways in ${folder}`, () => {
      assert.deepEqual(
        files.flatMap((file) => wrongImportsOf(file, floors)),
        [],
      )
    })
  }

  for (const folder of ['src/', 'bench/', 'test/', 'tools/']) {
    it(`has no cycle of imports in ${folder}, of types neither`, () => {
      assert.deepEqual(cyclesIn(sourcesIn(folder)), [])
    })
  }

  it('has every folder in the picture of docs/architecture.md', () => {
    const paper = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8')
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

describe('the rules of the layout', () => {
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
      assert.deepEqual(wrongImportsOf({ path, text }, FLOORS), wrong)
    })
  }

  for (const [path, text, wrong] of [
    ['mixpanel/a.ts', "import { x } from '../answer.ts'", []],
    ['mixpanel/a.ts', "import { x } from '../pubsub/b.ts'", ['mixpanel/a.ts -> pubsub/b.ts']],
    ['answer.ts', "import { x } from './mixpanel/b.ts'", ['answer.ts -> mixpanel/b.ts']],
    ['answer.ts', "import { x } from '../lib/b.ts'", ['answer.ts -> ../lib/b.ts']],
    ['mixpanel/a.ts', "import { x } from '../../model/b.ts'", ['mixpanel/a.ts -> ../model/b.ts']],
  ] as const) {
    it(`find ${wrong.length === 0 ? 'nothing' : 'fault'} with src/local/${path}: ${text}`, () => {
      assert.deepEqual(wrongImportsOf({ path, text }, LOCAL_FLOORS), wrong)
    })
  }

  for (const [path, text, wrong] of [
    ['survival/a.ts', "import { x } from '../../src/local/b.ts'", []],
    ['survive.ts', "import { x } from './survival/b.ts'", []],
    ['survival/a.ts', "import { x } from '../speed/b.ts'", ['survival/a.ts -> speed/b.ts']],
    ['speed/a.ts', "import { x } from '../bench.ts'", ['speed/a.ts -> bench.ts']],
    [
      'speed/a.ts',
      "import { x } from '../../src/decode/b.ts'",
      ['speed/a.ts -> ../src/decode/b.ts'],
    ],
  ] as const) {
    it(`find ${wrong.length === 0 ? 'nothing' : 'fault'} with bench/${path}: ${text}`, () => {
      assert.deepEqual(wrongImportsOf({ path, text }, BENCH_FLOORS), wrong)
    })
  }

  it('find each cycle of imports once', () => {
    const files = [
      { path: 'a.ts', text: "import { x } from './b/c.ts'" },
      { path: 'b/c.ts', text: "import { x } from './d.ts'\nimport { y } from './e.ts'" },
      { path: 'b/d.ts', text: "import type { X } from './c.ts'" },
      { path: 'b/e.ts', text: "import { x } from '../../elsewhere/a.ts'" },
    ]

    assert.deepEqual(cyclesIn(files), ['b/c.ts -> b/d.ts -> b/c.ts'])
  })

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
function wrongImportsOf(source: Source, floors: Floors): readonly string[] {
  const from = placeOf(source.path, floors)
  return importsOf(source).flatMap((target) => {
    const to = placeOf(target, floors)
    const goesDown = from && to && to.floor < from.floor
    const staysInside = from && to && to.room === from.room
    return goesDown || staysInside ? [] : [`${source.path} -> ${target}`]
  })
}

/** A folder is a room; so are all files of a floor that lie beside each other. */
function placeOf(
  path: string,
  floors: Floors,
): { floor: number; room: readonly string[] } | undefined {
  for (const [floor, rooms] of floors.entries()) {
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

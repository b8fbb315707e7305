import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createPrepare } from '../../../src/prepare/prepare.ts'
import { compileMapping } from '../../../src/transform/mapping/compile-mapping.ts'
import { readMapping } from '../../../src/transform/mapping/reading/read-mapping.ts'
import { NAMES as CLOUDEVENTS } from '../../../src/transform/presets/cloudevents.ts'
import { NAMES as GA4 } from '../../../src/transform/presets/ga4.ts'
import type { NameRow } from '../../../src/transform/presets/names.ts'
import type { PresetResult } from '../../../src/transform/presets/preset.ts'
import { PRESETS } from '../../../src/transform/presets/registry.ts'
import { NAMES as SEGMENT } from '../../../src/transform/presets/segment.ts'
import { NAMES as SGTM } from '../../../src/transform/presets/sgtm.ts'
import { SESSION, NAMES as SNOWPLOW } from '../../../src/transform/presets/snowplow.ts'
import { valueAt } from '../../../src/transform/presets/value-at.ts'
import { blocksIn, spansIn, tableOf, textOf } from '../../docs/markdown.ts'
import { aMessage } from '../../helpers/builders.ts'
import { aContext, aPreset, eventsIn, type Fixture, fixturesOf } from './fixtures.ts'

/** The names of each preset, with those of identity. */
const NAMES: Readonly<Record<string, readonly NameRow[]>> = {
  segment: [['userId', '$user_id'], ['anonymousId', '$device_id'], ...SEGMENT],
  cloudevents: [['id', '$insert_id'], ...CLOUDEVENTS],
  sgtm: [
    ['user_id', '$user_id'],
    ['client_id', '$device_id'],
    ...SGTM,
    ...['page_title', 'currency', 'value', 'items'].map((name) => [name, name] as const),
  ],
  ga4: [
    ['user_id', '$user_id'],
    ['user_pseudo_id', '$device_id'],
    ['event_timestamp', '$insert_id'],
    ...GA4,
  ],
  snowplow: [
    ['user_id', '$user_id'],
    ['domain_userid', '$device_id'],
    [`${SESSION}.userId`, '$device_id'],
    ...SNOWPLOW,
  ],
}

/** The mapping and the message of the example in a page. */
const EXAMPLES: Readonly<Record<string, Pick<Fixture, 'options' | 'context'>>> = {
  cloudevents: {
    options: { distinct_id: 'data.user_id' },
    context: aContext({ attributes: { 'content-type': 'application/cloudevents+json' } }),
  },
}

const LEAST_FIXTURES = 12

describe('a preset', () => {
  it('has names that are tested here', () => {
    assert.deepEqual(Object.keys(NAMES), [...PRESETS.keys()])
  })
})

for (const [name, rows] of Object.entries(NAMES)) {
  const fixtures = fixturesOf(name)

  describe(`the preset ${name}`, () => {
    for (const fixture of fixtures) {
      it(`maps ${fixture.file} as written`, async () => {
        assert.deepEqual(await resultOf(name, fixture), fixture.output)
      })
    }

    it('has fixtures for each kind of call, and enough of them', () => {
      const kinds = new Set(fixtures.map(({ output }) => output.kind))

      assert.ok(fixtures.length >= LEAST_FIXTURES)
      for (const kind of ['events', 'rejected', 'unknown'] as const) assert.ok(kinds.has(kind))
    })

    for (const [path, property] of rows) {
      it(`has a fixture in which ${path} becomes ${property}`, () => {
        assert.ok(fixtures.some((fixture) => holds(fixture, path, property)))
      })
    }

    it('has each of its names in its page, in order', () => {
      const table = tableOf(textOf(`docs/presets/${name}.md`), 'source', 'Mixpanel', 'notes')

      assert.deepEqual(
        table.map(({ source, Mixpanel }) => [spansIn(source)[0], spansIn(Mixpanel)[0]]),
        rows.map(([path, property]) => [path, property]),
      )
    })

    it('has each of its options in its page', async () => {
      const table = tableOf(textOf(`docs/presets/${name}.md`), 'option', 'default', 'meaning')
      const definition = await PRESETS.get(name)?.()

      assert.deepEqual(
        table.flatMap(({ option }) => spansIn(option)),
        Object.keys(definition?.schema.properties ?? {}),
      )
    })

    it('has mapping files in its page that load, and one to start from', async () => {
      const page = textOf(`docs/presets/${name}.md`)
      const files = [...blocksIn(page, 'yaml'), textOf(`examples/mappings/${name}.yaml`)]

      assert.ok(files.length > 1)
      for (const text of files) {
        const read = readMapping(text)
        assert.equal(read.kind, 'read', text)
        assert.ok('rules' in (await compileMapping(read.file, { placeOf: () => '' })), text)
      }
    })

    it('has an example in its page that is mapped so', async () => {
      const [given = '', mapped = ''] = blocksIn(textOf(`docs/presets/${name}.md`), 'json')
      const { options, context } = EXAMPLES[name] ?? { options: {}, context: aContext() }

      const result = (await aPreset(name, options))(JSON.parse(given), context)

      assert.deepEqual(eventsIn(result), [JSON.parse(mapped)])
    })

    it('makes events that are prepared, or rejected with the field at fault', () => {
      for (const { file, output } of fixtures) assertPrepared(output, file)
    })

    it('maps any JSON at any place to an outcome, twice the same, and changes no input', async () => {
      const inputs = fc.oneof(
        fc.tuple(fc.constantFrom(...fixtures), fc.jsonValue()).map(([fixture, input]) => {
          return { ...fixture, input }
        }),
        fc.constantFrom(...fixtures).chain((fixture) => spoilt(fixture)),
      )
      const presets = new Map(
        await Promise.all(
          fixtures.map(async ({ file, options }) => [file, await aPreset(name, options)] as const),
        ),
      )

      fc.assert(
        fc.property(inputs, ({ file, input, context }) => {
          const before = textOfValue(input)

          const [first, second] = [1, 2].map(() => presets.get(file)?.(input, context))

          assert.ok(first !== undefined)
          assert.equal(textOfValue(first), textOfValue(second))
          assert.equal(textOfValue(input), before)
          assertPrepared(first, textOfValue(input))
        }),
        { numRuns: 500 },
      )
    })
  })
}

async function resultOf(name: string, { options, input, context }: Fixture): Promise<PresetResult> {
  const preset = await aPreset(name, options)
  return preset(input, context)
}

/** Whether a fixture has a value at the path, and events with the property. */
function holds({ input, context, output }: Fixture, path: string, property: string): boolean {
  const given = [valueIn(input, path), context.attributes[`ce-${path}`]]
  if (given.every((value) => value === undefined)) return false
  return eventsIn(output).some(({ properties }) => Object.hasOwn(properties, property))
}

/** The value at a path, in which `event_params.` stands for the parameters of a row by their keys. */
function valueIn(input: unknown, path: string): unknown {
  const [first = '', ...keys] = path.split('.')
  const value = valueAt(input, [first])
  if (first !== 'event_params' || !Array.isArray(value)) return valueAt(value, keys)
  return value.find(({ key }) => key === keys[0])
}

/** A fixture with one value of its input replaced by any JSON. */
function spoilt(fixture: Fixture): fc.Arbitrary<Fixture> {
  const paths = pathsIn(fixture.input)
  return fc.tuple(fc.constantFrom(...paths), hostileValue()).map(([path, value]) => {
    return { ...fixture, input: withValueAt(fixture.input, path, value) }
  })
}

function hostileValue(): fc.Arbitrary<unknown> {
  const odd = ['__proto__', 'constructor', '\ud800', '', ' ', 'null', '$device:', '0', 1e308, -0]
  return fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(...odd, 9007199254740993n, JSON.parse('{"__proto__":{"a":1}}')),
  )
}

type Path = readonly (string | number)[]

function pathsIn(value: unknown): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
  const below = [...keys].flatMap((key) =>
    pathsIn(Reflect.get(value, key)).map((path) => [key, ...path]),
  )
  return [[], ...below]
}

function withValueAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return replacement
  const copy = Array.isArray(value) ? [...value] : { ...value }
  Reflect.set(copy, key, withValueAt(Reflect.get(value, key), rest, replacement))
  return copy
}

function assertPrepared(result: PresetResult, hint: string): void {
  const message = aMessage({ publishedAt: Date.parse('2026-11-24T09:00:00Z') })
  const prepare = createPrepare({ insertId: 'message' })(message)
  for (const [at, event] of eventsIn(result).entries()) {
    const text = textOfValue(event)
    const line = { number: 1, text }
    const prepared = prepare({ line, child: at, text, value: JSON.parse(text) })
    if (prepared.kind === 'rejected') assert.ok(prepared.field, `${prepared.detail}: ${hint}`)
  }
}

/** JSON in which a bigint stands as a text of its digits. */
function textOfValue(value: unknown): string {
  const digits = (_key: string, one: unknown) => (typeof one === 'bigint' ? String(one) : one)
  return JSON.stringify(value, digits) ?? 'undefined'
}
